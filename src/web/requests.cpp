#include "web/requests.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "service/webhooks.h"

namespace mayfly {
namespace {

constexpr std::size_t k_architectures_max = 8;
constexpr std::size_t k_labels_max = 16;
constexpr std::int64_t k_count_max = 256;
constexpr std::int64_t k_wait_max_seconds = 120;
constexpr std::string_view k_hex = "0123456789abcdef";

tl::unexpected<Error> bad_field(std::string message) {
  return fail(Code::bad_field, std::move(message));
}

// "application/json", with or without a charset of UTF-8.
bool is_json(std::string_view content_type) {
  const std::string type = to_lower(content_type);
  const std::string_view bare = trim(std::string_view(type).substr(0, type.find(';')));
  return bare == "application/json";
}

Status check_body(const HttpRequest& request, std::size_t bytes_max) {
  const auto type = request.headers.find("Content-Type");
  if (!type || !is_json(*type))
    return fail(Code::unsupported_media_type, "the body must be application/json");
  if (request.body.size() > bytes_max)
    return fail(Code::body_too_large, "at most " + std::to_string(bytes_max) + " bytes");
  return {};
}

Result<json::object> parse_body(const HttpRequest& request) {
  TRY(check_body(request, k_request_body_max));
  TRY_ASSIGN(json::value value, parse_json(request.body));
  if (!value.is_object()) return fail(Code::bad_json, "the body must be one JSON object");
  return std::move(value.get_object());
}

Status allow_keys(const json::object& object, const std::set<std::string_view>& allowed) {
  const std::vector<std::string_view> candidates(allowed.begin(), allowed.end());
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (allowed.contains(key)) continue;
    std::string message = "\"" + printable(key, 60) + "\" is not a field here";
    if (const auto near = nearest(key, candidates))
      message += "; did you mean \"" + std::string(*near) + "\"?";
    return bad_field(std::move(message));
  }
  return {};
}

Result<std::string> need_string(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return bad_field("\"" + std::string(key) + "\" is missing");
  if (!value->is_string()) return bad_field("\"" + std::string(key) + "\" must be a string");
  return std::string(value->get_string());
}

Result<std::int64_t> whole_number(const json::value& value, std::string_view key, std::int64_t min,
                                  std::int64_t max) {
  if (value.is_int64() && value.get_int64() >= min && value.get_int64() <= max)
    return value.get_int64();
  return bad_field("\"" + std::string(key) + "\" must be a whole number from " +
                   std::to_string(min) + " to " + std::to_string(max));
}

Result<Architecture> architecture_of(std::string_view text, const Config& config) {
  const auto architecture = parse_architecture(text);
  if (architecture && !config.types_for(*architecture).empty()) return *architecture;
  std::string known;
  for (const Architecture one : {Architecture::x86_64, Architecture::arm64})
    if (!config.types_for(one).empty())
      known += (known.empty() ? "" : ", ") + std::string(to_string(one));
  return fail(Code::unknown_architecture,
              "\"" + printable(text, 40) + "\" is not one of: " + known);
}

// A list of distinct strings under `many`, or a single one under `one`; exactly one of the two
// keys.
Result<std::vector<std::string>> one_or_many(const json::object& object, std::string_view one,
                                             std::string_view many, std::size_t count_max) {
  const json::value* list = object.if_contains(many);
  if (object.if_contains(one) != nullptr) {
    if (list != nullptr)
      return bad_field("give either \"" + std::string(one) + "\" or \"" + std::string(many) + "\"");
    TRY_ASSIGN(std::string single, need_string(object, one));
    return std::vector<std::string>{std::move(single)};
  }
  const std::string rule = "\"" + std::string(many) + "\" must be a list of 1 to " +
                           std::to_string(count_max) + " distinct strings";
  if (list == nullptr || !list->is_array()) return bad_field(rule);
  const json::array& array = list->get_array();
  std::vector<std::string> texts;
  for (const json::value& value : array) {
    if (!value.is_string()) return bad_field(rule);
    texts.emplace_back(value.get_string());
  }
  const std::set<std::string> distinct(texts.begin(), texts.end());
  if (texts.empty() || texts.size() > count_max || distinct.size() != texts.size())
    return bad_field(rule);
  return texts;
}

Result<SeedAsk> parse_seed_create(const json::object& body, const Config& config) {
  TRY(allow_keys(body, {"operation", "architecture", "architectures", "label"}));
  SeedAsk ask;
  TRY_ASSIGN(ask.label, need_string(body, "label"));
  TRY_ASSIGN(const auto names,
             one_or_many(body, "architecture", "architectures", k_architectures_max));
  for (const std::string& name : names) {
    TRY_ASSIGN(const Architecture architecture, architecture_of(name, config));
    ask.architectures.push_back(architecture);
  }
  return ask;
}

Status add_runner(const json::value& value, const Config& config, RunnersAsk& ask) {
  if (!value.is_object()) return bad_field("each entry of \"runners\" must be an object");
  const json::object& runner = value.get_object();
  TRY(allow_keys(runner, {"architecture", "count"}));
  TRY_ASSIGN(const std::string name, need_string(runner, "architecture"));
  TRY_ASSIGN(const Architecture architecture, architecture_of(name, config));
  std::int64_t count = 1;
  if (const json::value* given = runner.if_contains("count")) {
    TRY_ASSIGN(count, whole_number(*given, "count", 1, k_count_max));
  }
  if (!ask.counts.emplace(architecture, static_cast<int>(count)).second)
    return bad_field("\"runners\" names " + name + " twice");
  return {};
}

Result<std::string> nonce_of(const HttpRequest& request) {
  const auto nonce = request.headers.find("X-Mayfly-Claim");
  if (!nonce || nonce->size() != 32 || !is_all_of(*nonce, k_hex))
    return bad_field("the header X-Mayfly-Claim must hold the nonce of the instance's tags");
  return std::string(*nonce);
}

}  // namespace

Result<std::variant<SeedAsk, SeedRelease>> parse_seed(const HttpRequest& request,
                                                      const Config& config) {
  using Parsed = std::variant<SeedAsk, SeedRelease>;
  TRY_ASSIGN(const json::object body, parse_body(request));
  TRY_ASSIGN(const std::string operation, need_string(body, "operation"));
  if (operation == "create") {
    TRY_ASSIGN(SeedAsk ask, parse_seed_create(body, config));
    return Parsed(std::move(ask));
  }
  if (operation == "destroy") {
    TRY(allow_keys(body, {"operation", "label", "labels"}));
    TRY_ASSIGN(auto labels, one_or_many(body, "label", "labels", k_labels_max));
    return Parsed(SeedRelease{std::move(labels)});
  }
  return fail(Code::unknown_operation, "\"" + printable(operation, 40) + "\" is no operation");
}

Result<RunnersAsk> parse_runners_ask(const HttpRequest& request, const Config& config) {
  TRY_ASSIGN(const json::object body, parse_body(request));
  TRY(allow_keys(body, {"repository", "run_id", "run_attempt", "runners"}));
  TRY_ASSIGN(const std::string name, need_string(body, "repository"));
  const auto repository = parse_repository(name);
  if (!repository) return bad_field("\"repository\" must be \"owner/name\"");
  RunnersAsk ask;
  ask.repository = *repository;
  const json::value* run = body.if_contains("run_id");
  if (run == nullptr) return bad_field("\"run_id\" is missing");
  TRY_ASSIGN(ask.run_id, whole_number(*run, "run_id", 1, INT64_MAX));
  if (const json::value* attempt = body.if_contains("run_attempt")) {
    TRY_ASSIGN(const std::int64_t number, whole_number(*attempt, "run_attempt", 1, 10000));
    ask.run_attempt = static_cast<int>(number);
  }
  const json::value* runners = body.if_contains("runners");
  if (runners == nullptr || !runners->is_array() || runners->get_array().empty() ||
      runners->get_array().size() > k_architectures_max)
    return bad_field("\"runners\" must be a list of 1 to " + std::to_string(k_architectures_max) +
                     " objects");
  for (const json::value& runner : runners->get_array()) TRY(add_runner(runner, config, ask));
  return ask;
}

Result<Claim> parse_claim(const HttpRequest& request) {
  TRY_ASSIGN(const json::object body, parse_body(request));
  TRY(allow_keys(body, {"lease", "instance_id", "claim_key"}));
  TRY_ASSIGN(const std::string lease, need_string(body, "lease"));
  TRY_ASSIGN(const std::string instance, need_string(body, "instance_id"));
  Claim claim;
  TRY_ASSIGN(claim.key, need_string(body, "claim_key"));
  TRY_ASSIGN(claim.nonce, nonce_of(request));
  const auto lease_id = parse_lease_id(lease);
  const auto instance_id = parse_instance_id(instance);
  if (!lease_id) return bad_field("\"lease\" must be a lease id");
  if (!instance_id) return bad_field("\"instance_id\" must be an instance id");
  if (claim.key.size() != 32 || !is_all_of(claim.key, k_hex))
    return bad_field("\"claim_key\" must be 32 hex digits");
  claim.lease_id = *lease_id;
  claim.instance_id = *instance_id;
  return claim;
}

Result<MachineEvent> parse_machine_event(const HttpRequest& request, const LeaseId& lease) {
  TRY_ASSIGN(const json::object body, parse_body(request));
  TRY(allow_keys(body, {"event", "detail"}));
  MachineEvent event;
  event.lease_id = lease;
  TRY_ASSIGN(event.name, need_string(body, "event"));
  if (body.if_contains("detail") != nullptr) {
    TRY_ASSIGN(event.detail, need_string(body, "detail"));
  }
  TRY_ASSIGN(event.nonce, nonce_of(request));
  if (!is_machine_event(event.name)) return bad_field("\"event\" is not one that machines report");
  if (event.detail.size() > 200 || printable(event.detail) != event.detail)
    return bad_field("\"detail\" must be at most 200 printable ASCII characters");
  return event;
}

Result<Delivery> parse_delivery(const HttpRequest& request) {
  TRY(check_body(request, k_delivery_max));
  const auto event = request.headers.find("X-GitHub-Event");
  if (!event) return bad_field("the header X-GitHub-Event is missing");
  const auto signature = request.headers.find("X-Hub-Signature-256");
  if (!signature) return fail(Code::webhook_unsigned, "the header X-Hub-Signature-256 is missing");
  return Delivery{std::string(*event), std::string(*signature)};
}

Result<std::optional<Millis>> parse_wait(const Target& target) {
  for (const auto& [name, value] : target.query)
    if (name != "wait" && name != "timeout")
      return bad_field("\"" + printable(name, 40) + "\" is not a parameter here");
  std::set<std::string> names;
  for (const auto& [name, value] : target.query)
    if (!names.insert(name).second) return bad_field("\"" + name + "\" is given twice");
  const auto wait = target.parameter("wait");
  const auto timeout = target.parameter("timeout");
  if (!wait) {
    if (timeout) return bad_field("\"timeout\" goes with wait=online");
    return std::optional<Millis>{};
  }
  if (*wait != "online") return bad_field("\"wait\" must be \"online\"");
  if (!timeout) return std::optional<Millis>{Seconds{60}};
  const auto seconds = parse_int(*timeout);
  if (!seconds || *seconds < 1 || *seconds > k_wait_max_seconds)
    return bad_field("\"timeout\" must be seconds from 1 to " + std::to_string(k_wait_max_seconds));
  return std::optional<Millis>{Seconds{*seconds}};
}

}  // namespace mayfly
