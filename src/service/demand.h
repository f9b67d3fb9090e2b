#pragma once

// GitHub's answers about runs and jobs, turned into the facts that the lease room decides on, with
// retries for what a caller waits on. Thread rule: safe from many threads.

#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "github/client.h"
#include "lease/entitlement.h"
#include "lease/policy.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly {

class Demand {
 public:
  Demand(github::GithubClient& github, Clock& clock, Entropy& entropy)
      : github_(github), clock_(clock), entropy_(entropy) {}

  // run_not_found where GitHub answers 404. Whatever GitHub says of a run, also that there is none,
  // is believed for three seconds, so that a stranger who asks again and again does not use up what
  // GitHub lets us ask. Three, because a run that begins, or begins again, asks from a job of its
  // own, and GitHub needs longer to start that: so an honest ask does not meet what was true
  // before.
  [[nodiscard]] Result<RunFacts> run(const RepositoryName& repository, RunId id);
  // As GitHub says now.
  [[nodiscard]] Result<RunFacts> fresh_run(const RepositoryName& repository, RunId id);
  [[nodiscard]] Result<std::vector<RunFacts>> live_runs(const RepositoryName& repository);
  [[nodiscard]] Result<std::vector<JobFacts>> jobs(const RepositoryName& repository, RunId id,
                                                   int attempt);
  // Idempotent.
  [[nodiscard]] Status cancel(const RepositoryName& repository, RunId id);
  // Whether it was done shows in the run's attempt alone.
  [[nodiscard]] Status rerun_failed_jobs(const RepositoryName& repository, RunId id);
  // Whether the owner's policy lets the run have runners: ok, the rule that it does not meet, or
  // GitHub's error where the rule needs a pull request and GitHub does not tell of it. Both of
  // GitHub's answers about a pull request are believed for three seconds.
  [[nodiscard]] Status judge_run(const RepositoryName& repository, const RunPolicy& policy,
                                 const RunFacts& run);

 private:
  using Pull = std::optional<PullFacts>;  // none: there is no open one of that head
  struct PullQuestion {
    std::string repository;
    std::string head_repository;
    std::string head_branch;
    std::string head_sha;
    bool with_reviews = false;
    friend auto operator<=>(const PullQuestion&, const PullQuestion&) = default;
  };

  [[nodiscard]] Result<Pull> pull_of(const RepositoryName& repository, const RunFacts& run,
                                     bool with_reviews);
  [[nodiscard]] Result<Pull> ask_for_pull(const RepositoryName& repository,
                                          const github::Head& head, bool with_reviews);
  struct Believed {
    Result<RunFacts> answer;
    SteadyTime until{};
  };
  [[nodiscard]] std::optional<Result<RunFacts>> believed(const RepositoryName& repository,
                                                         RunId id);
  void believe(const RepositoryName& repository, RunId id, const Result<RunFacts>& answer);

  github::GithubClient& github_;
  Clock& clock_;
  Entropy& entropy_;
  std::mutex mutex_;
  std::map<std::pair<std::string, RunId>, Believed> believed_;  // bounded
  std::map<PullQuestion, std::pair<Pull, SteadyTime>> pulls_;   // bounded
};

[[nodiscard]] RunFacts facts_of(const github::Run& run);

}  // namespace mayfly
