#include <algorithm>
#include <utility>

#include "lab/github/github_world.h"

namespace mayfly::lab {
namespace {

// GitHub's hosted machines have ids and names too.
constexpr RunnerId k_hosted_runner_base = 1'000'000'000;

const JobSpec* spec_named(const RunSpec& spec, const std::string& name) {
  for (const JobSpec& job : spec.jobs)
    if (job.name == name) return &job;
  return nullptr;
}

// Is this job run again: because it did not succeed, or needs one that did not.
bool is_run_again(const RunSpec& spec, const std::vector<GithubJob>& earlier,
                  const std::string& name) {
  for (const GithubJob& job : earlier)
    if (job.spec.name == name && job.conclusion != "success") return true;
  const JobSpec* job = spec_named(spec, name);
  return std::any_of(job->needs.begin(), job->needs.end(),
                     [&](const std::string& need) { return is_run_again(spec, earlier, need); });
}

tl::unexpected<Error> no_such(const std::string& what, std::int64_t id) {
  return fail(Code::github_not_found, "there is no " + what + " " + std::to_string(id));
}

}  // namespace

RunId GithubWorld::start_run(RunSpec spec, WallTime now) {
  for (const JobSpec& job : spec.jobs)
    for (const std::string& need : job.needs) MAYFLY_CHECK(spec_named(spec, need) != nullptr);
  GithubRun run;
  run.id = next_run_++;
  run.number = next_number_++;
  run.spec = std::move(spec);
  run.awaits_approval = run.spec.awaits_approval;
  run.created_at = run.started_at = run.updated_at = now;
  GithubRun& kept = runs_[run.id] = std::move(run);
  if (kept.awaits_approval) {
    note_state(kept);
  } else {
    add_jobs(kept, {}, Rerun::all, now);
  }
  return kept.id;
}

Status GithubWorld::approve_run(RunId id, WallTime now) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return no_such("run", id);
  GithubRun& run = found->second;
  if (!run.awaits_approval)
    return fail(Code::github_conflict, "This run does not wait for an approval.");
  run.awaits_approval = false;
  run.started_at = run.updated_at = now;
  add_jobs(run, {}, Rerun::all, now);
  return {};
}

// Keeps open_ and ended_ up to date; to be called after each change of a run.
void GithubWorld::note_state(const GithubRun& run) {
  if (outcome(run).state != JobState::completed) {
    open_.insert(run.id);
  } else {
    open_.erase(run.id);
    ended_.emplace(run.updated_at, run.id);
  }
}

void GithubWorld::forget_runs(WallTime now) {
  while (options_.forget_after && !ended_.empty() &&
         now - ended_.begin()->first >= *options_.forget_after) {
    const auto [ended_at, id] = *ended_.begin();
    ended_.erase(ended_.begin());
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second.updated_at != ended_at || open_.contains(id))
      continue;
    for (const JobId job_id : found->second.jobs) {
      const auto by_runner = job_by_runner_.find(jobs_.at(job_id).runner_name);
      if (by_runner != job_by_runner_.end() && by_runner->second == job_id)
        job_by_runner_.erase(by_runner);
      jobs_.erase(job_id);
    }
    runs_.erase(found);
  }
}

void GithubWorld::add_jobs(GithubRun& run, const std::vector<GithubJob>& earlier, Rerun which,
                           WallTime now) {
  for (const JobSpec& spec : run.spec.jobs) {
    GithubJob job;
    const auto copied = std::find_if(earlier.begin(), earlier.end(), [&](const GithubJob& other) {
      return other.spec.name == spec.name;
    });
    if (which == Rerun::failed && !is_run_again(run.spec, earlier, spec.name)) job = *copied;
    job.id = next_job_++;
    job.run_id = run.id;
    job.attempt = run.attempt;
    job.spec = spec;
    run.jobs.push_back(job.id);
    jobs_[job.id] = std::move(job);
  }
  reveal_jobs(run, now);
}

GithubJob* GithubWorld::job_of_attempt(const GithubRun& run, const std::string& name) {
  for (const JobId id : run.jobs) {
    GithubJob& job = jobs_.at(id);
    if (job.attempt == run.attempt && job.spec.name == name) return &job;
  }
  return nullptr;
}

void GithubWorld::reveal_jobs(GithubRun& run, WallTime now) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const JobId id : run.jobs) {
      GithubJob& job = jobs_.at(id);
      if (job.attempt == run.attempt && reveal_one(run, job, now)) changed = true;
    }
  }
  note_state(run);
}

bool GithubWorld::reveal_one(GithubRun& run, GithubJob& job, WallTime now) {
  if (job.state != JobState::hidden) return false;
  bool all_succeeded = true;
  for (const std::string& need : job.spec.needs) {
    const GithubJob* needed = job_of_attempt(run, need);
    if (needed->state != JobState::completed) return false;
    all_succeeded = all_succeeded && needed->conclusion == "success";
  }
  if (job.spec.always || (all_succeeded && !run.cancelled)) {
    queue(job, now);
  } else {
    job.created_at = now;
    job.state = JobState::completed;
    job.conclusion = run.cancelled ? "cancelled" : "skipped";
    job.completed_at = now;
  }
  return true;
}

void GithubWorld::queue(GithubJob& job, WallTime now) {
  job.state = JobState::queued;
  job.created_at = now;
  job.runner_id.reset();
  job.runner_name.clear();
  if (!job.spec.hosted) queued_.insert(job.id);
  runs_.at(job.run_id).updated_at = now;
}

void GithubWorld::start(GithubJob& job, RunnerId runner, const std::string& name, WallTime now) {
  queued_.erase(job.id);
  job.state = JobState::in_progress;
  job.runner_id = runner;
  job.runner_name = name;
  job.started_at = now;
  if (!job.spec.hosted) job_by_runner_[name] = job.id;
  runs_.at(job.run_id).updated_at = now;
}

void GithubWorld::finish(GithubJob& job, const std::string& conclusion, WallTime now) {
  queued_.erase(job.id);
  job.state = JobState::completed;
  job.conclusion = conclusion;
  job.completed_at = now;
  std::erase_if(runners_, [&](const auto& entry) { return entry.second.job == job.id; });
  GithubRun& run = runs_.at(job.run_id);
  run.updated_at = now;
  reveal_jobs(run, now);
}

Status GithubWorld::begin_job(JobId id, WallTime now) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return no_such("job", id);
  GithubJob& job = found->second;
  if (!job.spec.hosted || job.state != JobState::queued)
    return fail(Code::github_conflict, "the job is not a queued one on a hosted machine");
  const RunnerId runner = k_hosted_runner_base + id % k_hosted_runner_base;
  start(job, runner, "GitHub Actions " + std::to_string(runner), now);
  return {};
}

Status GithubWorld::complete_job(JobId id, const std::string& conclusion, WallTime now) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return no_such("job", id);
  if (found->second.state != JobState::in_progress)
    return fail(Code::github_conflict, "the job is not in progress");
  finish(found->second, conclusion, now);
  return {};
}

Status GithubWorld::cancel_run(RunId id, WallTime now) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return no_such("run", id);
  GithubRun& run = found->second;
  if (outcome(run).state == JobState::completed)
    return fail(Code::github_conflict, "Cannot cancel a workflow run that is completed.");
  run.cancelled = true;
  for (const JobId job_id : std::vector<JobId>(run.jobs)) {
    GithubJob& job = jobs_.at(job_id);
    const bool is_live = job.state == JobState::queued || job.state == JobState::in_progress;
    if (is_live && !job.spec.always) finish(job, "cancelled", now);
  }
  reveal_jobs(run, now);
  return {};
}

Result<int> GithubWorld::rerun(RunId id, Rerun which, WallTime now, const std::string& by) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return no_such("run", id);
  GithubRun& run = found->second;
  if (run.awaits_approval || outcome(run).state != JobState::completed)
    return fail(Code::github_conflict, "This workflow run is already running");
  const std::vector<GithubJob> earlier = jobs_of(run, run.attempt);
  run.attempt += 1;
  run.spec.triggering_actor = by;
  run.cancelled = false;
  run.started_at = run.updated_at = now;
  add_jobs(run, earlier, which, now);
  return run.attempt;
}

const GithubRun* GithubWorld::find_run(RunId id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

const GithubJob* GithubWorld::find_job(JobId id) const {
  const auto found = jobs_.find(id);
  const bool is_known = found != jobs_.end() && found->second.state != JobState::hidden;
  return is_known ? &found->second : nullptr;
}

std::vector<GithubJob> GithubWorld::jobs_of(const GithubRun& run, int attempt) const {
  std::vector<GithubJob> out;
  for (const JobId id : run.jobs) {
    const GithubJob* job = find_job(id);
    if (job != nullptr && job->attempt == attempt) out.push_back(*job);
  }
  return out;
}

RunOutcome GithubWorld::outcome(const GithubRun& run) const {
  if (run.awaits_approval) return {JobState::completed, "action_required"};
  std::size_t open = 0;
  std::size_t begun = 0;
  std::size_t failed = 0;
  std::size_t cancelled = 0;
  std::size_t skipped = 0;
  for (const JobId id : run.jobs) {
    const GithubJob& job = jobs_.at(id);
    if (job.attempt != run.attempt) continue;
    open += job.state != JobState::completed;
    begun += job.state == JobState::in_progress || job.state == JobState::completed;
    failed += job.conclusion == "failure" || job.conclusion == "timed_out";
    cancelled += job.conclusion == "cancelled";
    skipped += job.conclusion == "skipped";
  }
  if (open > 0) return {begun > 0 ? JobState::in_progress : JobState::queued, ""};
  if (run.cancelled || (failed == 0 && cancelled > 0)) return {JobState::completed, "cancelled"};
  if (failed > 0) return {JobState::completed, "failure"};
  const bool all_skipped = skipped > 0 && skipped == run.spec.jobs.size();
  return {JobState::completed, all_skipped ? "skipped" : "success"};
}

}  // namespace mayfly::lab
