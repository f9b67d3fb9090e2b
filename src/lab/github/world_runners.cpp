#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "lab/github/github_world.h"

namespace mayfly::lab {
namespace {

tl::unexpected<Error> gone() {
  return fail(Code::github_not_found, "the runner's registration has been deleted");
}

std::string owner_of(const RepositoryName& repository) {
  return to_lower(repository.text.substr(0, repository.text.find('/')));
}

}  // namespace

void GithubWorld::settle(WallTime now) {
  settle_jobs(now);
  for (auto entry = runners_.begin(); entry != runners_.end();) {
    GithubRunner& runner = (entry++)->second;
    settle_runner(runner, now);
  }
  std::erase_if(runners_, [&](const auto& entry) { return is_expired(entry.second, now); });
  forget_runs(now);
}

void GithubWorld::settle_jobs(WallTime now) {
  std::vector<JobId> expired;
  for (const JobId id : queued_)
    if (now - jobs_.at(id).created_at >= options_.queue_limit) expired.push_back(id);
  for (const JobId id : expired) finish(jobs_.at(id), "cancelled", now);
}

std::optional<WallTime> GithubWorld::next_change(WallTime now) const {
  std::optional<WallTime> next;
  const auto consider = [&](std::optional<WallTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const JobId id : queued_) consider(jobs_.at(id).created_at + options_.queue_limit);
  for (const auto& [id, runner] : runners_) consider(next_of_runner(runner, now));
  if (options_.forget_after && !ended_.empty())
    consider(ended_.begin()->first + *options_.forget_after);
  return next;
}

// What is_expired and settle_runner wait for. A runner that is online now is taken to stay so where
// that decides, except that a silent one cannot.
std::optional<WallTime> GithubWorld::next_of_runner(const GithubRunner& runner,
                                                    WallTime now) const {
  const WallTime seen = runner.last_poll.value_or(runner.created_at);
  const WallTime offline = runner.is_connected ? seen + options_.offline_after + Millis{1} : seen;
  if (!runner.job) {
    if (is_online(runner, now) && options_.idle_removal)
      return std::min(runner.idle_since + *options_.idle_removal,
                      std::max(offline, seen + options_.unconnected_removal));
    return std::max(offline, seen + options_.unconnected_removal);
  }
  if (jobs_.at(*runner.job).state == JobState::queued)
    return runner.assigned_at + options_.pickup_limit;
  return std::max(offline, seen + options_.lost_after);
}

// May erase the runner, through finish().
void GithubWorld::settle_runner(GithubRunner& runner, WallTime now) {
  if (!runner.job) return;
  GithubJob& job = jobs_.at(*runner.job);
  if (job.state == JobState::queued) {
    if (now - runner.assigned_at < options_.pickup_limit) return;
    runner.job.reset();
    runner.idle_since = now;
    queued_.insert(job.id);
  } else if (!is_online(runner, now)) {
    if (now - *runner.last_poll >= options_.lost_after) finish(job, "failure", now);
  }
}

bool GithubWorld::is_expired(const GithubRunner& runner, WallTime now) const {
  if (runner.job) return false;
  if (is_online(runner, now))
    return options_.idle_removal && now - runner.idle_since >= *options_.idle_removal;
  const WallTime seen = runner.last_poll.value_or(runner.created_at);
  return now - seen >= options_.unconnected_removal;
}

bool GithubWorld::is_online(const GithubRunner& runner, WallTime now) const {
  return runner.is_connected && now - *runner.last_poll <= options_.offline_after;
}

Result<RunnerId> GithubWorld::add_runner(GithubRunner runner, WallTime now) {
  for (const auto& [id, other] : runners_) {
    if (other.scope == runner.scope && to_lower(other.name) == to_lower(runner.name)) {
      return fail(Code::github_conflict,
                  "Already exists - A runner with the name " + runner.name + " already exists.");
    }
  }
  runner.id = next_runner_++;
  runner.created_at = runner.idle_since = now;
  const RunnerId id = runner.id;
  runners_[id] = std::move(runner);
  return id;
}

const GithubRunner* GithubWorld::find_runner(const std::string& scope, RunnerId id) const {
  const auto found = runners_.find(id);
  const bool is_here = found != runners_.end() && found->second.scope == scope;
  return is_here ? &found->second : nullptr;
}

const GithubRunner* GithubWorld::find_runner_by_name(const std::string& name) const {
  for (const auto& [id, runner] : runners_)
    if (runner.name == name) return &runner;
  return nullptr;
}

const GithubJob* GithubWorld::job_of_runner(const std::string& name) const {
  const GithubRunner* runner = find_runner_by_name(name);
  if (runner != nullptr && runner->job) return &jobs_.at(*runner->job);
  const auto found = job_by_runner_.find(name);
  return found == job_by_runner_.end() ? nullptr : &jobs_.at(found->second);
}

Status GithubWorld::remove_runner(const std::string& scope, RunnerId id) {
  const GithubRunner* runner = find_runner(scope, id);
  if (runner == nullptr) return fail(Code::github_not_found, "Not Found");
  if (runner->job) {
    return fail(Code::github_busy, "Bad request - Runner \"" + runner->name +
                                       "\" is currently running a job and cannot be deleted.");
  }
  runners_.erase(id);
  return {};
}

std::vector<GithubRunner> GithubWorld::list_runners(const std::string& scope, WallTime now) const {
  std::vector<GithubRunner> out;
  for (const auto& [id, runner] : runners_)
    if (runner.scope == scope && now - runner.created_at >= options_.listing_lag)
      out.push_back(runner);
  return out;
}

Status GithubWorld::open_session(RunnerId id, const std::string& secret, const std::string& session,
                                 WallTime now) {
  const auto found = runners_.find(id);
  if (found == runners_.end()) return gone();
  GithubRunner& runner = found->second;
  if (!equal_in_constant_time(runner.secret, secret))
    return fail(Code::github_unauthorized, "these are not the runner's credentials");
  if (is_online(runner, now))
    return fail(Code::github_conflict, "A session for this runner already exists.");
  runner.session = session;
  runner.is_connected = true;
  runner.last_poll = runner.idle_since = now;
  return {};
}

GithubRunner* GithubWorld::by_session(const std::string& session) {
  for (auto& [id, runner] : runners_)
    if (!session.empty() && equal_in_constant_time(runner.session, session)) return &runner;
  return nullptr;
}

bool GithubWorld::suits(const GithubRunner& runner, const GithubJob& job) const {
  const RepositoryName& repository = runs_.at(job.run_id).spec.repository;
  const bool is_organization = runner.scope.find('/') == std::string::npos;
  const bool may_serve = is_organization ? runner.scope == owner_of(repository) &&
                                               group_serves(runner.group_id, repository)
                                         : runner.scope == to_lower(repository.text);
  const auto has = [&](const std::string& wanted) {
    return std::any_of(runner.labels.begin(), runner.labels.end(), [&](const std::string& label) {
      return to_lower(label) == to_lower(wanted);
    });
  };
  return may_serve && std::all_of(job.spec.labels.begin(), job.spec.labels.end(), has);
}

void GithubWorld::assign(GithubRunner& runner, WallTime now) {
  for (const JobId id : queued_) {
    if (!suits(runner, jobs_.at(id))) continue;
    runner.job = id;
    runner.assigned_at = now;
    queued_.erase(id);
    return;
  }
}

Result<std::optional<GithubJob>> GithubWorld::poll(const std::string& session, WallTime now) {
  GithubRunner* runner = by_session(session);
  if (runner == nullptr) return gone();
  runner->is_connected = true;
  runner->last_poll = now;
  if (!runner->job) assign(*runner, now);
  if (!runner->job) return std::optional<GithubJob>();
  const GithubJob& job = jobs_.at(*runner->job);
  if (job.state != JobState::queued) return std::optional<GithubJob>();
  return std::optional<GithubJob>(job);
}

Result<GithubRunner*> GithubWorld::holder_of(const std::string& session, JobId id, WallTime now) {
  GithubRunner* runner = by_session(session);
  if (runner == nullptr) return gone();
  runner->is_connected = true;
  runner->last_poll = now;
  if (runner->job != id) return fail(Code::github_conflict, "the job is not this runner's");
  return runner;
}

Status GithubWorld::job_started(const std::string& session, JobId id, WallTime now) {
  TRY_ASSIGN(const GithubRunner* runner, holder_of(session, id, now));
  GithubJob& job = jobs_.at(id);
  // The answer to an earlier report may have been lost.
  if (job.state == JobState::queued) start(job, runner->id, runner->name, now);
  return {};
}

Status GithubWorld::job_completed(const std::string& session, JobId id,
                                  const std::string& conclusion, WallTime now) {
  TRY(holder_of(session, id, now));
  const auto job = jobs_.find(id);
  const bool fails = job != jobs_.end() && job->second.attempt <= job->second.spec.failing_attempts;
  return complete_job(id, fails ? "failure" : conclusion, now);
}

Status GithubWorld::close_session(const std::string& session) {
  const GithubRunner* runner = by_session(session);
  if (runner == nullptr) return gone();
  disconnect(runner->id);
  return {};
}

void GithubWorld::disconnect(RunnerId id) {
  const auto found = runners_.find(id);
  if (found != runners_.end()) found->second.is_connected = false;
}

bool GithubWorld::vanish(RunnerId id) {
  const auto found = runners_.find(id);
  if (found == runners_.end() || found->second.job) return false;
  runners_.erase(found);
  return true;
}

}  // namespace mayfly::lab
