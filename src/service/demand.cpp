#include "service/demand.h"

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_believed_for = Seconds{3};
constexpr std::size_t k_believed_max = 1000;
// Of pull requests of one head: each may need its reviews.
constexpr std::size_t k_reviewed_max = 5;

std::string_view status_word(const github::Run& run) {
  using enum github::RunStatus;
  switch (run.status) {
    case queued:
      return "queued";
    case in_progress:
      return "in progress";
    case completed:
      return "completed";
    case waiting:
      return "waiting for approval";
    case requested:
      return "requested";
    case pending:
      return "pending";
  }
  return "unknown";
}

bool is_live_status(github::RunStatus status) {
  using enum github::RunStatus;
  return status == queued || status == in_progress || status == pending;
}

}  // namespace

RunFacts facts_of(const github::Run& run) {
  RunFacts facts;
  facts.id = run.id;
  facts.attempt = run.attempt;
  facts.live = is_live_status(run.status);
  facts.status = std::string(status_word(run));
  facts.conclusion = run.conclusion;
  if (!run.conclusion.empty()) facts.status += " (" + printable(run.conclusion, 40) + ")";
  facts.repository = RepositoryName{run.repository};
  facts.actor = run.actor.empty() ? run.triggering_actor : run.actor;
  facts.triggering_actor = run.triggering_actor;
  facts.event = run.event;
  facts.workflow = run.path;
  facts.head_repository = run.head_repository;
  facts.head_branch = run.head_branch;
  facts.head_sha = run.head_sha;
  return facts;
}

std::optional<Result<RunFacts>> Demand::believed(const RepositoryName& repository, RunId id) {
  const SteadyTime now = clock_.steady();
  const std::scoped_lock lock(mutex_);
  const auto found = believed_.find({repository.text, id});
  if (found == believed_.end() || now >= found->second.until) return std::nullopt;
  return found->second.answer;
}

void Demand::believe(const RepositoryName& repository, RunId id, const Result<RunFacts>& answer) {
  const SteadyTime now = clock_.steady();
  const std::scoped_lock lock(mutex_);
  if (believed_.size() >= k_believed_max)
    std::erase_if(believed_, [now](const auto& entry) { return now >= entry.second.until; });
  if (believed_.size() >= k_believed_max) return;  // it only spares calls
  believed_.insert_or_assign({repository.text, id}, Believed{answer, now + k_believed_for});
}

Result<RunFacts> Demand::run(const RepositoryName& repository, RunId id) {
  if (auto known = believed(repository, id)) return std::move(*known);
  return fresh_run(repository, id);
}

Result<RunFacts> Demand::fresh_run(const RepositoryName& repository, RunId id) {
  const SteadyTime deadline = call_deadline(clock_);
  auto run = with_retries(k_request_retries, Idempotency::safe_to_repeat, clock_, entropy_,
                          deadline, [&] { return github_.get_run(repository, id, deadline); });
  if (!run && run.error().code != Code::github_not_found) return fail(run.error());
  Result<RunFacts> answer =
      run ? Result<RunFacts>(facts_of(*run))
          : fail(Code::run_not_found, "run " + std::to_string(id) + " of " + repository.text +
                                          ": " + run.error().message);
  believe(repository, id, answer);
  return answer;
}

Status Demand::judge_run(const RepositoryName& repository, const RunPolicy& policy,
                         const RunFacts& run) {
  if (!needs_pull_request(policy, run)) return judge(policy, run, std::nullopt);
  TRY_ASSIGN(const Pull pull, pull_of(repository, run, policy.forks == Forks::approved));
  return judge(policy, run, pull);
}

Result<Demand::Pull> Demand::pull_of(const RepositoryName& repository, const RunFacts& run,
                                     bool with_reviews) {
  const PullQuestion question{repository.text, run.head_repository, run.head_branch, run.head_sha,
                              with_reviews};
  {
    const std::scoped_lock lock(mutex_);
    const auto known = pulls_.find(question);
    if (known != pulls_.end() && clock_.steady() < known->second.second) return known->second.first;
  }
  TRY_ASSIGN(
      Pull pull,
      ask_for_pull(repository, {run.head_repository, run.head_branch, run.head_sha}, with_reviews));
  const std::scoped_lock lock(mutex_);
  if (pulls_.size() >= k_believed_max) pulls_.clear();  // it only spares calls
  pulls_.insert_or_assign(question, std::pair{pull, clock_.steady() + k_believed_for});
  return pull;
}

Result<Demand::Pull> Demand::ask_for_pull(const RepositoryName& repository,
                                          const github::Head& head, bool with_reviews) {
  const SteadyTime deadline = call_deadline(clock_);
  const auto ask = [&](auto&& call) {
    return with_retries(k_request_retries, Idempotency::safe_to_repeat, clock_, entropy_, deadline,
                        call);
  };
  TRY_ASSIGN(const auto pulls, ask([&] { return github_.list_pulls(repository, head, deadline); }));
  std::vector<PullFacts> facts;
  for (const github::Pull& pull : pulls) {
    PullFacts one{pull.number, pull.author_association, false};
    if (with_reviews && !is_member(one.author_association) && facts.size() < k_reviewed_max) {
      TRY_ASSIGN(const auto reviews,
                 ask([&] { return github_.list_reviews(repository, pull.number, deadline); }));
      std::vector<ReviewFacts> words;
      for (const github::Review& review : reviews)
        words.push_back({review.author, review.author_association, review.state, review.commit});
      one.head_is_approved = is_head_approved(words, head.sha);
    }
    facts.push_back(std::move(one));
  }
  return best_of(facts);
}

Result<std::vector<RunFacts>> Demand::live_runs(const RepositoryName& repository) {
  const SteadyTime deadline = call_deadline(clock_);
  TRY_ASSIGN(const auto runs,
             with_retries(k_request_retries, Idempotency::safe_to_repeat, clock_, entropy_,
                          deadline, [&] { return github_.list_live_runs(repository, deadline); }));
  std::vector<RunFacts> facts;
  for (const github::Run& run : runs) facts.push_back(facts_of(run));
  return facts;
}

Status Demand::cancel(const RepositoryName& repository, RunId id) {
  return github_.cancel_run(repository, id, call_deadline(clock_));
}

Status Demand::rerun_failed_jobs(const RepositoryName& repository, RunId id) {
  return github_.rerun_failed_jobs(repository, id, call_deadline(clock_));
}

Result<std::vector<JobFacts>> Demand::jobs(const RepositoryName& repository, RunId id,
                                           int attempt) {
  TRY_ASSIGN(const auto jobs, github_.list_jobs(repository, id, attempt, call_deadline(clock_)));
  std::vector<JobFacts> facts;
  for (const github::Job& job : jobs)
    facts.push_back({job.labels, job.status == github::JobStatus::completed, job.runner_name,
                     job.status == github::JobStatus::queued, job.created_at});
  return facts;
}

}  // namespace mayfly
