#include "github/parse.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "base/text.h"

namespace mayfly::github {
namespace {

tl::unexpected<Error> bad(std::string_view field, std::string_view expected) {
  return fail(Code::github_bad_answer,
              "the field " + std::string(field) + " is not " + std::string(expected));
}

Result<std::int64_t> need_int(const json::object& object, std::string_view key) {
  const auto number = json_int(object, key);
  if (!number) return bad(key, "an integer");
  return *number;
}

Result<std::string> need_string(const json::object& object, std::string_view key) {
  auto text = json_string(object, key);
  if (!text) return bad(key, "a string");
  return std::move(*text);
}

Result<bool> need_bool(const json::object& object, std::string_view key) {
  const auto flag = json_bool(object, key);
  if (!flag) return bad(key, "true or false");
  return *flag;
}

std::string string_or_empty(const json::object& object, std::string_view key) {
  return json_string(object, key).value_or("");
}

std::string inner_string(const json::object& object, std::string_view outer, std::string_view key) {
  const json::object* inner = json_object(object, outer);
  return inner ? string_or_empty(*inner, key) : "";
}

std::optional<WallTime> time_of(const json::object& object, std::string_view key) {
  const auto text = json_string(object, key);
  return text ? parse_iso8601(*text) : std::nullopt;
}

// Runs and jobs have the same six. GitHub's description allows null for a run.
template <class Status>
Result<Status> parse_status(const json::object& object) {
  static constexpr std::array<std::pair<std::string_view, Status>, 6> k_names{{
      {"queued", Status::queued},
      {"in_progress", Status::in_progress},
      {"completed", Status::completed},
      {"waiting", Status::waiting},
      {"requested", Status::requested},
      {"pending", Status::pending},
  }};
  const json::value* value = object.if_contains("status");
  if (value != nullptr && value->is_null()) return Status::pending;
  const auto text = json_string(object, "status");
  for (const auto& [name, status] : k_names)
    if (text == name) return status;
  return bad("status", "one of the six that GitHub documents: " + printable(text.value_or(""), 40));
}

Result<std::vector<std::string>> parse_runner_labels(const json::object& object) {
  const json::array* labels = json_array(object, "labels");
  if (!labels) return bad("labels", "a list");
  std::vector<std::string> out;
  for (const json::value& label : *labels) {
    if (!label.is_object()) return bad("labels", "a list of objects");
    TRY_ASSIGN(std::string name, need_string(label.get_object(), "name"));
    out.push_back(std::move(name));
  }
  return out;
}

// The labels of a completed job may hold nulls (facts.md A6).
Result<std::vector<std::string>> parse_job_labels(const json::object& object) {
  const json::array* labels = json_array(object, "labels");
  if (!labels) return bad("labels", "a list");
  std::vector<std::string> out;
  for (const json::value& label : *labels) {
    if (label.is_null()) continue;
    if (!label.is_string()) return bad("labels", "a list of strings");
    out.emplace_back(label.get_string());
  }
  return out;
}

Result<int> attempt_of(const json::object& object) {
  const std::int64_t attempt = json_int(object, "run_attempt").value_or(1);
  if (attempt < 1 || attempt > 100'000) return bad("run_attempt", "a number from 1");
  return static_cast<int>(attempt);
}

Result<RunnerDownload> parse_download(const json::object& object) {
  RunnerDownload download;
  TRY_ASSIGN(download.os, need_string(object, "os"));
  TRY_ASSIGN(download.architecture, need_string(object, "architecture"));
  TRY_ASSIGN(download.url, need_string(object, "download_url"));
  TRY_ASSIGN(download.filename, need_string(object, "filename"));
  download.sha256 = string_or_empty(object, "sha256_checksum");
  return download;
}

Status check_elements(const json::array& array, std::string_view key) {
  for (const json::value& element : array) {
    if (!element.is_object()) return bad(key, "a list of objects");
    TRY(need_int(element.get_object(), "id"));
  }
  return {};
}

Result<json::value> parse_answer(std::string_view body) {
  auto value = parse_json(body, upstream_json_limits());
  if (!value) return fail(Code::github_bad_answer, value.error().message);
  return value;
}

}  // namespace

Result<json::object> parse_object(std::string_view body) {
  TRY_ASSIGN(json::value value, parse_answer(body));
  if (!value.is_object()) return fail(Code::github_bad_answer, "the answer is not an object");
  return std::move(value.get_object());
}

Result<Run> parse_run(const json::object& object) {
  Run run;
  TRY_ASSIGN(run.id, need_int(object, "id"));
  TRY_ASSIGN(run.attempt, attempt_of(object));
  TRY_ASSIGN(run.status, parse_status<RunStatus>(object));
  TRY_ASSIGN(run.event, need_string(object, "event"));
  TRY_ASSIGN(run.path, need_string(object, "path"));
  TRY_ASSIGN(run.head_sha, need_string(object, "head_sha"));
  run.repository = inner_string(object, "repository", "full_name");
  if (run.repository.empty()) return bad("repository.full_name", "a string");
  run.head_repository = inner_string(object, "head_repository", "full_name");
  run.head_branch = string_or_empty(object, "head_branch");
  run.conclusion = string_or_empty(object, "conclusion");
  run.actor = inner_string(object, "actor", "login");
  run.triggering_actor = inner_string(object, "triggering_actor", "login");
  run.created_at = time_of(object, "created_at");
  run.run_started_at = time_of(object, "run_started_at");
  return run;
}

Result<Job> parse_job(const json::object& object) {
  Job job;
  TRY_ASSIGN(job.id, need_int(object, "id"));
  TRY_ASSIGN(job.run_id, need_int(object, "run_id"));
  TRY_ASSIGN(job.attempt, attempt_of(object));
  TRY_ASSIGN(job.status, parse_status<JobStatus>(object));
  TRY_ASSIGN(job.name, need_string(object, "name"));
  TRY_ASSIGN(job.labels, parse_job_labels(object));
  job.conclusion = string_or_empty(object, "conclusion");
  job.runner_id = json_int(object, "runner_id");
  if (job.runner_id && *job.runner_id <= 0) job.runner_id.reset();
  job.runner_name = string_or_empty(object, "runner_name");
  job.created_at = time_of(object, "created_at");
  return job;
}

Result<Runner> parse_runner(const json::object& object) {
  Runner runner;
  TRY_ASSIGN(runner.id, need_int(object, "id"));
  TRY_ASSIGN(runner.name, need_string(object, "name"));
  TRY_ASSIGN(const std::string status, need_string(object, "status"));
  runner.online = status == "online";
  TRY_ASSIGN(runner.busy, need_bool(object, "busy"));
  TRY_ASSIGN(runner.labels, parse_runner_labels(object));
  return runner;
}

Result<JitConfig> parse_jit_config(const json::object& object) {
  const json::object* runner = json_object(object, "runner");
  if (!runner) return bad("runner", "an object");
  JitConfig config;
  TRY_ASSIGN(config.runner, parse_runner(*runner));
  TRY_ASSIGN(std::string encoded, need_string(object, "encoded_jit_config"));
  if (encoded.empty()) return bad("encoded_jit_config", "a text");
  config.encoded = Secret(std::move(encoded));
  return config;
}

Result<std::vector<RunnerDownload>> parse_downloads(std::string_view body) {
  TRY_ASSIGN(const json::value value, parse_answer(body));
  if (!value.is_array()) return fail(Code::github_bad_answer, "the answer is not a list");
  for (const json::value& element : value.get_array())
    if (!element.is_object()) return fail(Code::github_bad_answer, "a download is not an object");
  return parse_each<RunnerDownload>(value.get_array(), parse_download);
}

Result<json::array> parse_list(const json::object& object, std::string_view key) {
  const json::array* array = json_array(object, key);
  if (!array) return bad(key, "a list");
  TRY(check_elements(*array, key));
  return *array;
}

Result<json::array> parse_array(std::string_view body) {
  TRY_ASSIGN(json::value value, parse_answer(body));
  if (!value.is_array()) return fail(Code::github_bad_answer, "the answer is not a list");
  TRY(check_elements(value.get_array(), "answer"));
  return std::move(value.get_array());
}

}  // namespace mayfly::github
