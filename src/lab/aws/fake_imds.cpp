#include "lab/aws/fake_imds.h"

#include <algorithm>
#include <array>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"
#include "http/url.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_prefix = "/imds/";
constexpr std::string_view k_ttl = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::string_view k_token = "X-aws-ec2-metadata-token";
constexpr std::int64_t k_ttl_max = 21600;
// Without one cloud-init takes the machine for one of EC2 Classic.
constexpr const char* k_vpc = "vpc-0e000000000000001";
// Those that cloud-init asks for, oldest first. What is told does not differ here.
constexpr std::array<std::string_view, 5> k_versions = {"2009-04-04", "2016-09-02", "2018-09-24",
                                                        "2021-03-23", "latest"};

HttpResponse plain(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain"}, {"Server", "EC2ws"}}, std::move(body)};
}

HttpResponse found(std::string body) { return plain(200, std::move(body)); }
HttpResponse not_found() { return plain(404, "Not Found\n"); }

struct Question {
  InstanceId id;
  std::string path;  // below the version
};

std::optional<Question> parse_question(const std::string& url) {
  const auto target = parse_target(url);
  if (!target || !target->path.starts_with(k_prefix)) return std::nullopt;
  const std::string rest = target->path.substr(k_prefix.size());
  const std::size_t slash = rest.find('/');
  const auto id = parse_instance_id(rest.substr(0, slash));
  const std::string path = slash == std::string::npos ? "" : rest.substr(slash + 1);
  const std::string version = path.substr(0, path.find('/'));
  const bool is_known =
      std::find(k_versions.begin(), k_versions.end(), version) != k_versions.end();
  if (!id || !is_known || version.size() == path.size()) return std::nullopt;
  return Question{*id, path.substr(version.size() + 1)};
}

using Facts = std::map<std::string, std::string>;  // by path

void add_network(Facts& facts, const FakeInstance& instance) {
  const std::string mac = mac_address(instance.id);
  const std::string name = "network/interfaces/macs/" + mac;
  facts["meta-data/mac"] = mac;
  facts["meta-data/" + name + "/mac"] = mac;
  facts["meta-data/" + name + "/device-number"] = "0";
  facts["meta-data/" + name + "/local-ipv4s"] = instance.private_address;
  facts["meta-data/" + name + "/subnet-id"] = instance.spec.subnet_id;
  facts["meta-data/" + name + "/vpc-id"] = k_vpc;
}

void add_tags(Facts& facts, const FakeInstance& instance) {
  if (!instance.spec.metadata.tags) return;
  for (const auto& [name, value] : instance.spec.tags)
    facts["meta-data/tags/instance/" + name] = value;
}

std::string identity(const FakeInstance& instance, const std::string& region) {
  return json::serialize(json::object{{"availabilityZone", instance.availability_zone},
                                      {"imageId", instance.spec.image_id},
                                      {"instanceId", instance.id.text},
                                      {"instanceType", instance.spec.instance_type},
                                      {"privateIp", instance.private_address},
                                      {"region", region}});
}

Facts facts_of(const FakeInstance& instance, const std::string& region) {
  std::string host = "ip-" + instance.private_address;
  std::replace(host.begin(), host.end(), '.', '-');
  Facts facts = {{"user-data", instance.spec.user_data},
                 {"meta-data/instance-id", instance.id.text},
                 {"meta-data/instance-type", instance.spec.instance_type},
                 {"meta-data/ami-id", instance.spec.image_id},
                 {"meta-data/hostname", host + ".ec2.internal"},
                 {"meta-data/local-hostname", host + ".ec2.internal"},
                 {"meta-data/local-ipv4", instance.private_address},
                 {"meta-data/public-ipv4", instance.public_address},
                 {"meta-data/placement/region", region},
                 {"meta-data/placement/availability-zone", instance.availability_zone},
                 {"dynamic/instance-identity/document", identity(instance, region)}};
  add_network(facts, instance);
  add_tags(facts, instance);
  if (instance.interruption_notice)
    facts["meta-data/spot/instance-action"] =
        R"({"action":"terminate","time":")" + iso8601(*instance.interruption_notice) + "\"}";
  std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
  return facts;
}

// The names right below a path; those that have names below them end in a slash.
std::string listing(const Facts& facts, std::string path) {
  if (!path.ends_with('/')) path += '/';
  std::string names;
  std::string last;
  for (const auto& fact : facts) {
    if (!fact.first.starts_with(path)) continue;
    const std::string rest = fact.first.substr(path.size());
    const std::string name = rest.substr(0, rest.find('/') + 1);
    const std::string& shown = name.empty() ? rest : name;
    if (shown == last) continue;
    names += (names.empty() ? "" : "\n") + shown;
    last = shown;
  }
  return names;
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

HttpResponse FakeImds::read(const std::string& path, const FakeInstance& instance) {
  const Facts facts = facts_of(instance, aws_.region());
  const auto fact = facts.find(path);
  if (fact != facts.end()) return found(fact->second);
  std::string names = listing(facts, path);
  return names.empty() ? not_found() : found(std::move(names));
}

std::string mac_address(const InstanceId& id) {
  std::string mac = "0e";
  const std::string digits = id.text.substr(id.text.size() - 10);
  for (std::size_t i = 0; i < digits.size(); i += 2) mac += ":" + digits.substr(i, 2);
  return mac;
}

}  // namespace mayfly::lab
