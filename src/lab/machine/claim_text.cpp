#include "lab/machine/claim_text.h"

#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

std::string line(std::string_view answer, const std::string& name) {
  for (const std::string& text : split(answer, '\n'))
    if (text.starts_with(name + " ")) return text.substr(name.size() + 1);
  return {};
}

std::optional<json::object> decode_object(std::string_view base64) {
  const auto text = base64_decode(base64);
  if (!text) return std::nullopt;
  auto value = parse_json(*text);
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(value->get_object());
}

std::optional<json::object> file(const json::object& config, std::string_view name) {
  return decode_object(json_string(config, name).value_or(""));
}

}  // namespace

std::string own_lease_in(std::string_view answer) { return line(answer, "lease"); }

std::optional<ClaimText> parse_claim_text(std::string_view answer) {
  const auto run_id = parse_int(line(answer, "run_id"));
  const auto config = decode_object(line(answer, "jit_config"));
  const auto settings = config ? file(*config, ".runner") : std::nullopt;
  const auto credentials = config ? file(*config, ".credentials") : std::nullopt;
  if (!run_id || !settings || !credentials) return std::nullopt;
  const json::object* data = json_object(*credentials, "data");
  const auto runner_id = parse_int(json_string(*settings, "agentId").value_or(""));
  if (data == nullptr || !runner_id) return std::nullopt;
  return ClaimText{line(answer, "lease"),
                   to_lower(line(answer, "repository")),
                   *run_id,
                   line(answer, "shared") == "yes",
                   json_string(*settings, "serverUrl").value_or(""),
                   *runner_id,
                   json_string(*settings, "agentName").value_or(""),
                   json_string(*data, "secret").value_or("")};
}

}  // namespace mayfly::lab
