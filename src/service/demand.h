#pragma once

// GitHub's answers about runs and jobs, turned into the facts that the lease room decides on, with
// retries for what a caller waits on. Thread rule: safe from many threads.

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

  // run_not_found where GitHub answers 404.
  [[nodiscard]] Result<RunFacts> run(const RepositoryName& repository, RunId id);
  [[nodiscard]] Result<std::vector<RunFacts>> live_runs(const RepositoryName& repository);
  [[nodiscard]] Result<std::vector<JobFacts>> jobs(const RepositoryName& repository, RunId id,
                                                   int attempt);

 private:
  github::GithubClient& github_;
  Clock& clock_;
  Entropy& entropy_;
};

[[nodiscard]] RunFacts facts_of(const github::Run& run);

}  // namespace mayfly
