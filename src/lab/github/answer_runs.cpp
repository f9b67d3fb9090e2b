#include <algorithm>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "lab/github/bodies.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

// GitHub searches no further than this.
constexpr std::size_t k_results_max = 1000;

// As the options spell it; GitHub's names have no case.
std::optional<std::string> repository_of(const Ask& ask) {
  const std::string asked = to_lower(ask.arguments.at(0) + "/" + ask.arguments.at(1));
  for (const RepositoryName& repository : ask.options.repositories)
    if (to_lower(repository.text) == asked) return repository.text;
  return std::nullopt;
}

bool is_in(const GithubRun& run, const std::string& repository) {
  return to_lower(run.spec.repository.text) == to_lower(repository);
}

const GithubRun* run_of(const Ask& ask, const GithubWorld& world) {
  const auto repository = repository_of(ask);
  const auto id = parse_int(ask.arguments.at(2));
  const GithubRun* run = repository && id ? world.find_run(*id) : nullptr;
  return run != nullptr && is_in(*run, *repository) ? run : nullptr;
}

bool passes(const Ask& ask, const GithubRun& run, const RunOutcome& outcome) {
  const auto status = ask.target.parameter("status");
  const auto event = ask.target.parameter("event");
  const auto branch = ask.target.parameter("branch");
  const auto actor = ask.target.parameter("actor");
  const auto head_sha = ask.target.parameter("head_sha");
  return (!status || *status == status_name(outcome.state) || *status == outcome.conclusion) &&
         (!event || *event == run.spec.event) && (!branch || *branch == run.spec.head_branch) &&
         (!actor || *actor == run.spec.actor) && (!head_sha || *head_sha == run.spec.head_sha);
}

bool asks_for_open(const Ask& ask) {
  const auto status = ask.target.parameter("status");
  return status == status_name(JobState::queued) || status == status_name(JobState::in_progress);
}

json::array job_bodies(const Ask& ask, const GithubRun& run, const std::vector<GithubJob>& jobs) {
  json::array out;
  for (const GithubJob& job : jobs) out.push_back(job_body(ask.options, run, job));
  return out;
}

}  // namespace

HttpResponse get_repository(const Ask& ask, GithubWorld&) {
  const auto repository = repository_of(ask);
  return repository ? json_answer(200, full_repository_body(ask.options, *repository))
                    : not_found();
}

HttpResponse list_runs(const Ask& ask, GithubWorld& world) {
  const auto repository = repository_of(ask);
  if (!repository) return not_found();
  json::array found;
  const auto look_at = [&](const GithubRun& run) {
    const RunOutcome outcome = world.outcome(run);
    if (is_in(run, *repository) && passes(ask, run, outcome))
      found.push_back(run_body(ask.options, run, outcome));
  };
  const auto newest_first = [&](const auto& all, const auto& run_in) {
    for (auto entry = all.rbegin(); entry != all.rend() && found.size() < k_results_max; ++entry)
      look_at(run_in(*entry));
  };
  if (asks_for_open(ask)) {
    newest_first(world.open_runs(),
                 [&](RunId id) -> const GithubRun& { return *world.find_run(id); });
  } else {
    newest_first(world.runs(), [](const auto& entry) -> const GithubRun& { return entry.second; });
  }
  return paged_answer(ask, "workflow_runs", std::move(found));
}

HttpResponse get_run(const Ask& ask, GithubWorld& world) {
  const GithubRun* run = run_of(ask, world);
  if (run == nullptr) return not_found();
  return json_answer(200, run_body(ask.options, *run, world.outcome(*run)));
}

HttpResponse cancel_run(const Ask& ask, GithubWorld& world) {
  const GithubRun* run = run_of(ask, world);
  if (run == nullptr) return not_found();
  const Status cancelled = world.cancel_run(run->id, ask.now);
  return cancelled ? json_answer(202, json::object{}) : refusal(cancelled.error());
}

// Who asks becomes the attempt's triggering actor: here the account of whose credential it is.
HttpResponse rerun_failed_jobs(const Ask& ask, GithubWorld& world) {
  const GithubRun* run = run_of(ask, world);
  if (run == nullptr) return not_found();
  const auto attempt = world.rerun(run->id, Rerun::failed, ask.now, "mayfly-bot");
  if (!attempt) return refusal(403, attempt.error().message);
  return json_answer(201, json::object{});
}

HttpResponse list_run_jobs(const Ask& ask, GithubWorld& world) {
  const GithubRun* run = run_of(ask, world);
  if (run == nullptr) return not_found();
  const bool wants_all = ask.target.parameter("filter") == "all";
  std::vector<GithubJob> jobs;
  for (int attempt = wants_all ? 1 : run->attempt; attempt <= run->attempt; ++attempt)
    for (GithubJob& job : world.jobs_of(*run, attempt)) jobs.push_back(std::move(job));
  return paged_answer(ask, "jobs", job_bodies(ask, *run, jobs));
}

HttpResponse list_attempt_jobs(const Ask& ask, GithubWorld& world) {
  const GithubRun* run = run_of(ask, world);
  const auto attempt = parse_int(ask.arguments.at(3));
  if (run == nullptr || !attempt || *attempt < 1 || *attempt > run->attempt) return not_found();
  const std::vector<GithubJob> jobs = world.jobs_of(*run, static_cast<int>(*attempt));
  return paged_answer(ask, "jobs", job_bodies(ask, *run, jobs));
}

HttpResponse get_job(const Ask& ask, GithubWorld& world) {
  const auto repository = repository_of(ask);
  const auto id = parse_int(ask.arguments.at(2));
  const GithubJob* job = repository && id ? world.find_job(*id) : nullptr;
  const GithubRun* run = job != nullptr ? world.find_run(job->run_id) : nullptr;
  if (run == nullptr || !is_in(*run, *repository)) return not_found();
  return json_answer(200, job_body(ask.options, *run, *job));
}

}  // namespace mayfly::lab::rest
