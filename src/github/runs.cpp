#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <utility>

#include "base/text.h"
#include "github/call.h"
#include "github/client.h"
#include "github/parse.h"

namespace mayfly::github {
namespace {

constexpr std::size_t k_runs_kept = 256;

Call runs_call(const RepositoryName& repository, const std::string& below) {
  Call call;
  call.path = "/repos/" + percent_encode(repository.text, true) + "/actions/runs" + below;
  call.permission = "repository \"Actions: read\"";
  return call;
}

}  // namespace

std::optional<GithubClient::Cached> GithubClient::kept_answer(const std::string& target) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->runs.find(target);
  if (found == shared_->runs.end()) return std::nullopt;
  found->second.used = ++shared_->uses;
  return found->second;
}

void GithubClient::keep_answer(const std::string& target, const HttpResponse& response,
                               const std::vector<Run>& runs) {
  const auto etag = response.headers.find("etag");
  const std::lock_guard lock(shared_->mutex);
  shared_->runs.erase(target);
  if (!etag || etag->empty()) return;
  if (shared_->runs.size() >= k_runs_kept) {
    shared_->runs.erase(std::min_element(
        shared_->runs.begin(), shared_->runs.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  shared_->runs[target] = Cached{std::string(*etag), runs, ++shared_->uses};
}

Result<Run> GithubClient::get_run(const RepositoryName& repository, RunId id, SteadyTime deadline) {
  Call call = runs_call(repository, "/" + std::to_string(id));
  const auto kept = kept_answer(call.path);
  if (kept) call.etag = kept->etag;
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  if (response.status == 304) return kept->runs.front();

  TRY_ASSIGN(const json::object object, parse_object(response.body));
  TRY_ASSIGN(Run run, parse_run(object));
  if (run.id != id) return fail(Code::github_bad_answer, "the answer is about another run");
  keep_answer(call.path, response, {run});
  return run;
}

Result<std::vector<Run>> GithubClient::list_runs(const RepositoryName& repository,
                                                 const std::string& status, SteadyTime deadline) {
  Call call = runs_call(repository, "");
  call.query = {{"status", status}, {"per_page", "100"}};
  const std::string target = call.path + "?status=" + status;
  const auto kept = kept_answer(target);
  if (kept) call.etag = kept->etag;
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  if (response.status == 304) return kept->runs;

  TRY_ASSIGN(const json::object object, parse_object(response.body));
  TRY_ASSIGN(const json::array array, parse_list(object, "workflow_runs"));
  TRY_ASSIGN(std::vector<Run> runs, parse_each<Run>(array, parse_run));
  keep_answer(target, response, runs);
  return runs;
}

Result<std::vector<Run>> GithubClient::list_live_runs(const RepositoryName& repository,
                                                      SteadyTime deadline) {
  std::map<RunId, Run, std::greater<>> newest_first;
  // In the order of a run's life: one that moves on between the two requests is seen in both.
  for (const char* status : {"queued", "in_progress"}) {
    TRY_ASSIGN(std::vector<Run> runs, list_runs(repository, status, deadline));
    for (Run& run : runs) newest_first.insert_or_assign(run.id, std::move(run));
  }
  std::vector<Run> out;
  for (auto& [id, run] : newest_first) out.push_back(std::move(run));
  return out;
}

Result<std::vector<Job>> GithubClient::list_jobs(const RepositoryName& repository, RunId run,
                                                 int attempt, SteadyTime deadline) {
  const Call call = runs_call(
      repository, "/" + std::to_string(run) + "/attempts/" + std::to_string(attempt) + "/jobs");
  TRY_ASSIGN(const json::array array, read_list(call, "jobs", deadline));
  TRY_ASSIGN(std::vector<Job> jobs, parse_each<Job>(array, parse_job));
  for (const Job& job : jobs)
    if (job.run_id != run) return fail(Code::github_bad_answer, "a job is of another run");
  return jobs;
}

Status GithubClient::cancel_run(const RepositoryName& repository, RunId run, SteadyTime deadline) {
  const Status done = change_run(repository, run, "/cancel", deadline);
  return !done && done.error().code == Code::github_conflict ? Status{} : done;
}

Status GithubClient::rerun_failed_jobs(const RepositoryName& repository, RunId run,
                                       SteadyTime deadline) {
  return change_run(repository, run, "/rerun-failed-jobs", deadline);
}

Status GithubClient::change_run(const RepositoryName& repository, RunId run, const char* how,
                                SteadyTime deadline) {
  Call call = runs_call(repository, "/" + std::to_string(run) + how);
  call.method = "POST";
  call.permission = "repository \"Actions: read and write\"";
  TRY(send(call, deadline));
  return {};
}

}  // namespace mayfly::github
