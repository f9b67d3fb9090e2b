#include "lab/control.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"
#include "http/problem.h"
#include "http/url.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_job_time{3000};
constexpr Millis k_job_time_max{std::chrono::hours{1}};

std::string_view word(JobState state) {
  switch (state) {
    case JobState::hidden:
      return "hidden";
    case JobState::queued:
      return "queued";
    case JobState::in_progress:
      return "in_progress";
    case JobState::completed:
      return "completed";
  }
  return "unknown";
}

HttpResponse done() { return json_response(200, "{}\n"); }

// {"label":L} or {"labels":[L, M]}: for x86_64 and arm64.
Result<std::vector<std::string>> test_labels(const json::object& body) {
  if (const auto one = json_string(body, "label")) return std::vector<std::string>{*one, *one};
  std::vector<std::string> labels;
  const json::array* given = json_array(body, "labels");
  for (std::size_t i = 0; given != nullptr && i < given->size(); ++i)
    if ((*given)[i].is_string()) labels.emplace_back((*given)[i].get_string());
  if (given == nullptr || given->size() != 2 || labels.size() != 2)
    return fail(Code::bad_field, "\"label\" must be a string, or \"labels\" two of them");
  return labels;
}

Result<Millis> job_time(const json::object& body) {
  if (!body.contains("job_ms")) return k_job_time;
  const auto given = json_int(body, "job_ms");
  if (!given || *given < 0 || *given > k_job_time_max.count())
    return fail(Code::bad_field,
                "\"job_ms\" must be a number of at most " + std::to_string(k_job_time_max.count()));
  return Millis{*given};
}

// What the body says of the run itself; what it does not say stays.
void take_facts(const json::object& body, RunSpec& spec) {
  const std::pair<const char*, std::string*> facts[] = {{"event", &spec.event},
                                                        {"actor", &spec.actor},
                                                        {"head_repository", &spec.head_repository},
                                                        {"head_branch", &spec.head_branch},
                                                        {"head_sha", &spec.head_sha}};
  for (const auto& [key, fact] : facts)
    if (const auto given = json_string(body, key)) *fact = *given;
  spec.awaits_approval = json_bool(body, "awaits_approval").value_or(false);
}

}  // namespace

RunSpec rr_workflow(const std::string& repository, const std::vector<std::string>& test_labels,
                    Millis job_time) {
  RunSpec spec;
  spec.repository = RepositoryName{repository};
  spec.head_repository = "contributor/rr";
  spec.path = ".github/workflows/build-and-test-main.yml";
  spec.workflow_name = "build-and-test-main";
  JobSpec setup;
  setup.name = "setup";
  setup.labels = {"ubuntu-latest"};
  setup.hosted = true;
  JobSpec stop = setup;
  stop.name = "stop-runners";
  stop.always = true;
  spec.jobs.push_back(setup);
  const std::vector<std::string> architectures = {"x86_64", "arm64"};
  for (std::size_t i = 0; i < test_labels.size() && i < architectures.size(); ++i) {
    JobSpec test;
    test.name = "test-" + architectures[i];
    test.labels = {test_labels[i], "arch_" + architectures[i]};
    test.needs = {"setup"};
    test.duration = job_time;
    test.steps = {"Checkout", "Build", "Test"};
    stop.needs.push_back(test.name);
    spec.jobs.push_back(std::move(test));
  }
  spec.jobs.push_back(std::move(stop));
  return spec;
}

HttpResponse Control::handle(const HttpRequest& request) {
  auto answer = route(request);
  return answer ? std::move(*answer) : problem_response(answer.error());
}

Result<HttpResponse> Control::route(const HttpRequest& request) {
  const auto target = parse_target(request.url);
  if (!target) return fail(Code::bad_request_line, "the target cannot be understood");
  const auto parts = split(std::string_view(target->path).substr(1), '/');
  const auto id = parts.size() > 2 ? parse_int(parts[2]) : std::nullopt;
  const bool is_post = request.method == "POST";
  if (parts.size() >= 2 && is_post && (parts[1] == "pulls" || parts[1] == "associations"))
    return route_pulls(parts, request);
  if (parts.size() == 2 && is_post && parts[1] == "app") return change_app(request);
  if (parts.size() >= 2 && parts[1] == "runs") {
    if (parts.size() == 2 && is_post) return start_run(request);
    if (parts.size() == 3 && id && !is_post) return show_run(*id);
    if (parts.size() == 4 && id && is_post && parts[3] == "cancel") {
      TRY(github_.cancel_run(*id));
      return done();
    }
    if (parts.size() == 4 && id && is_post && parts[3] == "approve") {
      TRY(github_.approve_run(*id));
      return done();
    }
    if (parts.size() == 6 && id && is_post && parts[3] == "jobs") {
      TRY(drive_job(*id, parts[4], parts[5]));
      return done();
    }
  }
  return fail(Code::no_such_path, "nothing is emulated at " + printable(target->path, 80));
}

Result<HttpResponse> Control::start_run(const HttpRequest& request) {
  TRY_ASSIGN(const json::value body, parse_json(request.body));
  if (!body.is_object()) return fail(Code::bad_field, "the body must be an object");
  TRY_ASSIGN(const auto labels, test_labels(body.get_object()));
  TRY_ASSIGN(const Millis time, job_time(body.get_object()));
  RunSpec spec = rr_workflow(repository_, labels, time);
  take_facts(body.get_object(), spec);
  const RunId id = github_.start_run(std::move(spec));
  return json_response(201, json::serialize(json::object{{"id", id}}) + "\n");
}

Result<HttpResponse> Control::change_app(const HttpRequest& request) {
  TRY_ASSIGN(const json::value value, parse_json(request.body));
  if (!value.is_object()) return fail(Code::bad_field, "the body must be an object");
  const json::object& body = value.get_object();
  github_.configure([&](GithubOptions& options) {
    if (!options.app) return;
    if (const auto seconds = json_int(body, "token_seconds"))
      options.app->token_life = Seconds{std::clamp<std::int64_t>(*seconds, 1, 3600)};
    if (const json::object* permissions = json_object(body, "permissions")) {
      options.app->permissions.clear();
      for (const auto& [name, level] : *permissions)
        if (level.is_string()) options.app->permissions[name] = level.get_string();
    }
  });
  if (json_bool(body, "revoke").value_or(false)) github_.revoke_app_tokens();
  return done();
}

Result<HttpResponse> Control::show_run(RunId id) {
  const RunOutcome outcome = github_.outcome(id);
  json::array jobs;
  for (const GithubJob& job : github_.jobs(id))
    jobs.push_back(json::object{{"name", job.spec.name},
                                {"state", word(job.state)},
                                {"conclusion", job.conclusion},
                                {"runner", job.runner_name}});
  return json_response(200, json::serialize(json::object{{"id", id},
                                                         {"state", word(outcome.state)},
                                                         {"conclusion", outcome.conclusion},
                                                         {"jobs", std::move(jobs)}}) +
                                "\n");
}

Status Control::drive_job(RunId id, const std::string& name, const std::string& verb) {
  for (const GithubJob& job : github_.jobs(id)) {
    if (job.spec.name != name) continue;
    if (verb == "begin") return github_.begin_job(job.id);
    if (verb == "complete") return github_.complete_job(job.id, "success");
  }
  return fail(Code::no_such_path, "run " + std::to_string(id) + " has no such job to drive yet");
}

}  // namespace mayfly::lab
