#pragma once

// GitHub's answers about runs and jobs, turned into the facts that the lease room decides on, with
// retries for what a caller waits on. Thread rule: safe from many threads.

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "github/client.h"
#include "lease/entitlement.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly {

class Demand {
 public:
  Demand(github::GithubClient& github, Clock& clock, Entropy& entropy)
      : github_(github), clock_(clock), entropy_(entropy) {}

  // run_not_found where GitHub answers 404. A live run is believed to be so for three seconds, so
  // that a stranger who asks again and again does not use up what GitHub lets us ask.
  [[nodiscard]] Result<RunFacts> run(const RepositoryName& repository, RunId id);
  [[nodiscard]] Result<std::vector<RunFacts>> live_runs(const RepositoryName& repository);
  [[nodiscard]] Result<std::vector<JobFacts>> jobs(const RepositoryName& repository, RunId id,
                                                   int attempt);

 private:
  [[nodiscard]] std::optional<RunFacts> believed(const RepositoryName& repository, RunId id);
  void believe(const RepositoryName& repository, const RunFacts& run);

  github::GithubClient& github_;
  Clock& clock_;
  Entropy& entropy_;
  std::mutex mutex_;
  std::map<std::pair<std::string, RunId>, std::pair<RunFacts, SteadyTime>> live_;
};

[[nodiscard]] RunFacts facts_of(const github::Run& run);

}  // namespace mayfly
