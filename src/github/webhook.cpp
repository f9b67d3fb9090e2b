#include "github/webhook.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::github {
namespace {

constexpr std::string_view k_scheme = "sha256=";
constexpr std::size_t k_labels_max = 100;
constexpr std::int64_t k_attempts_max = 100'000;

tl::unexpected<Error> missing(const char* field) {
  return fail(Code::bad_field, std::string("\"") + field + "\" is missing or of the wrong form");
}

}  // namespace

std::string delivery_signature(std::string_view secret, std::string_view body) {
  return std::string(k_scheme) + to_hex(hmac_sha256(secret, body));
}

bool is_signed_with(const Secret& secret, std::string_view body, std::string_view signature) {
  if (secret.empty() || !signature.starts_with(k_scheme)) return false;
  return equal_in_constant_time(delivery_signature(secret.reveal(), body), to_lower(signature));
}

Result<JobEvent> parse_job_event(std::string_view body) {
  JsonLimits limits = upstream_json_limits();
  limits.bytes_max = k_delivery_bytes_max;
  TRY_ASSIGN(const json::value value, parse_json(body, limits));
  if (!value.is_object()) return fail(Code::bad_json, "the body must be one JSON object");
  const json::object& object = value.get_object();
  const json::object* job = json_object(object, "workflow_job");
  const json::object* repository = json_object(object, "repository");
  const auto action = json_string(object, "action");
  if (!action) return missing("action");
  if (job == nullptr) return missing("workflow_job");
  const auto name = repository == nullptr ? std::nullopt : json_string(*repository, "full_name");
  if (!name) return missing("repository.full_name");
  const auto run = json_int(*job, "run_id");
  if (!run || *run < 1) return missing("workflow_job.run_id");
  const json::array* labels = json_array(*job, "labels");
  if (labels == nullptr) return missing("workflow_job.labels");

  JobEvent event{*action, RepositoryName{*name}, *run, 1, {}};
  const std::int64_t attempt = json_int(*job, "run_attempt").value_or(1);
  if (attempt < 1 || attempt > k_attempts_max) return missing("workflow_job.run_attempt");
  event.run_attempt = static_cast<int>(attempt);
  for (const json::value& label : *labels)
    if (label.is_string() && event.labels.size() < k_labels_max)
      event.labels.emplace_back(label.get_string());
  return event;
}

}  // namespace mayfly::github
