#include "lab/aws/fake_imds.h"

#include "base/text.h"
#include "http/url.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_prefix = "/imds/";
constexpr std::string_view k_ttl = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::string_view k_token = "X-aws-ec2-metadata-token";
constexpr std::string_view k_tags = "meta-data/tags/instance";
constexpr std::int64_t k_ttl_max = 21600;

HttpResponse plain(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain"}, {"Server", "EC2ws"}}, std::move(body)};
}

HttpResponse found(std::string body) { return plain(200, std::move(body)); }
HttpResponse not_found() { return plain(404, "Not Found\n"); }

struct Question {
  InstanceId id;
  std::string path;  // below latest/
};

std::optional<Question> parse_question(const std::string& url) {
  const auto target = parse_target(url);
  if (!target || !target->path.starts_with(k_prefix)) return std::nullopt;
  const std::string rest = target->path.substr(k_prefix.size());
  const std::size_t slash = rest.find('/');
  const auto id = parse_instance_id(rest.substr(0, slash));
  const std::string path = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (!id || !path.starts_with("latest/")) return std::nullopt;
  return Question{*id, path.substr(7)};
}

HttpResponse read_tags(std::string_view path, const FakeInstance& instance) {
  if (!instance.spec.metadata.tags) return not_found();
  const aws::Tags& tags = instance.spec.tags;
  const std::string_view key = path.substr(std::min(path.size(), k_tags.size() + 1));
  if (key.empty()) {
    std::string keys;
    for (const auto& [name, value] : tags) keys += (keys.empty() ? "" : "\n") + name;
    return found(keys);
  }
  const auto tag = tags.find(std::string(key));
  return tag == tags.end() ? not_found() : found(tag->second);
}

HttpResponse read_spot_action(const FakeInstance& instance) {
  if (!instance.interruption_notice) return not_found();
  return found(R"({"action":"terminate","time":")" + iso8601(*instance.interruption_notice) +
               "\"}");
}

bool is_on(const FakeInstance& instance) {
  return instance.state == aws::InstanceState::running ||
         instance.state == aws::InstanceState::shutting_down ||
         instance.state == aws::InstanceState::stopping;
}

}  // namespace

HttpResponse FakeImds::handle(const HttpRequest& request) {
  const auto question = parse_question(request.url);
  if (!question) return not_found();
  const std::optional<FakeInstance> instance = aws_.find(question->id);
  if (!instance || !is_on(*instance)) return not_found();
  if (!instance->spec.metadata.endpoint) return plain(403, "Forbidden\n");
  if (question->path == "api/token" && request.method == "PUT")
    return issue_token(request, question->id);
  if (request.method != "GET") return plain(405, "Method Not Allowed\n");
  if (!has_token(request, *instance)) return plain(401, "Unauthorized\n");
  return read(question->path, *instance);
}

HttpResponse FakeImds::issue_token(const HttpRequest& request, const InstanceId& id) {
  // The real service refuses what came through a proxy.
  if (request.headers.find("X-Forwarded-For")) return plain(403, "Forbidden\n");
  const auto ttl = parse_int(request.headers.find(k_ttl).value_or(""));
  if (!ttl || *ttl < 1 || *ttl > k_ttl_max) return plain(400, "Bad Request\n");
  const SteadyTime now = clock_.steady();
  const std::string token = base64url_encode(entropy_.hex(21));
  const std::lock_guard lock(mutex_);
  std::erase_if(tokens_, [&](const auto& entry) { return entry.second.expires_at <= now; });
  tokens_[token] = {id, now + Seconds(*ttl)};
  HttpResponse response = found(token);
  response.headers.add(std::string(k_ttl), std::to_string(*ttl));
  return response;
}

bool FakeImds::has_token(const HttpRequest& request, const FakeInstance& instance) {
  const auto given = request.headers.find(k_token);
  if (!given) return !instance.spec.metadata.tokens_required;
  const std::lock_guard lock(mutex_);
  const auto token = tokens_.find(std::string(*given));
  return token != tokens_.end() && token->second.owner == instance.id &&
         token->second.expires_at > clock_.steady();
}

HttpResponse FakeImds::read(std::string_view path, const FakeInstance& instance) {
  const std::map<std::string_view, std::string> values = {
      {"user-data", instance.spec.user_data},
      {"meta-data/instance-id", instance.id.text},
      {"meta-data/instance-type", instance.spec.instance_type},
      {"meta-data/ami-id", instance.spec.image_id},
      {"meta-data/local-ipv4", instance.private_address},
      {"meta-data/public-ipv4", instance.public_address},
      {"meta-data/placement/region", aws_.region()},
      {"meta-data/placement/availability-zone", instance.availability_zone}};
  const auto value = values.find(path);
  if (value != values.end() && !value->second.empty()) return found(value->second);
  if (path == k_tags || path.starts_with(std::string(k_tags) + "/"))
    return read_tags(path, instance);
  if (path == "meta-data/spot/instance-action") return read_spot_action(instance);
  return not_found();
}

}  // namespace mayfly::lab
