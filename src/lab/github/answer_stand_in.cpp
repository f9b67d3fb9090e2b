#include <boost/json/object.hpp>

#include "base/json.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

Result<json::object> body_of(const Ask& ask) {
  TRY_ASSIGN(json::value body, parse_json(ask.request.body));
  if (!body.is_object()) return fail(Code::github_refused, "The body is not an object.");
  return std::move(body.get_object());
}

// What the runner sees of a registration that is gone.
HttpResponse runner_refusal(const Error& error) {
  return error.code == Code::github_not_found ? refusal(410, error.message) : refusal(error);
}

HttpResponse empty_answer() { return json_answer(200, json::object()); }

std::string text_of(const json::object& body, std::string_view key) {
  return json_string(body, key).value_or("");
}

json::object job_for_runner(const GithubJob& job, const GithubRun& run) {
  json::array steps;
  for (const std::string& step : job.spec.steps) steps.emplace_back(step);
  json::array labels;
  for (const std::string& label : job.spec.labels) labels.emplace_back(label);
  return {{"id", job.id},
          {"run_id", job.run_id},
          {"run_attempt", job.attempt},
          {"repository", run.spec.repository.text},
          {"name", job.spec.name},
          {"labels", std::move(labels)},
          {"duration_ms", job.spec.duration.count()},
          {"steps", std::move(steps)}};
}

Status report(const json::object& body, GithubWorld& world, WallTime now) {
  const std::string session = text_of(body, "session");
  const JobId id = json_int(body, "job_id").value_or(0);
  const std::string event = text_of(body, "event");
  if (event == "started") return world.job_started(session, id, now);
  if (event != "completed") return fail(Code::github_refused, "There is no such event.");
  const std::string conclusion = text_of(body, "conclusion");
  if (conclusion != "success" && conclusion != "failure" && conclusion != "cancelled")
    return fail(Code::github_refused, "There is no such conclusion.");
  return world.job_completed(session, id, conclusion, now);
}

}  // namespace

HttpResponse runner_session(const Ask& ask, GithubWorld& world) {
  const auto body = body_of(ask);
  if (!body) return refusal(body.error());
  const RunnerId id = json_int(*body, "runner_id").value_or(0);
  const Status opened = world.open_session(id, text_of(*body, "secret"), ask.random, ask.now);
  if (!opened) return runner_refusal(opened.error());
  return json_answer(200, json::object{{"session", ask.random}});
}

HttpResponse runner_poll(const Ask& ask, GithubWorld& world) {
  const auto body = body_of(ask);
  if (!body) return refusal(body.error());
  const auto job = world.poll(text_of(*body, "session"), ask.now);
  if (!job) return runner_refusal(job.error());
  if (!*job) return {204, {}, ""};
  const GithubRun& run = *world.find_run((*job)->run_id);
  return json_answer(200, json::object{{"job", job_for_runner(**job, run)}});
}

HttpResponse runner_job(const Ask& ask, GithubWorld& world) {
  const auto body = body_of(ask);
  if (!body) return refusal(body.error());
  const Status reported = report(*body, world, ask.now);
  return reported ? empty_answer() : runner_refusal(reported.error());
}

HttpResponse runner_disconnect(const Ask& ask, GithubWorld& world) {
  const auto body = body_of(ask);
  if (!body) return refusal(body.error());
  const Status closed = world.close_session(text_of(*body, "session"));
  return closed ? empty_answer() : runner_refusal(closed.error());
}

}  // namespace mayfly::lab::rest
