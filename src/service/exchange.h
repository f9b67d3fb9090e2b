#pragma once

// Leases whose runners were handed jobs of other runs. GitHub gives a runner to any job that names
// its labels, and labels that do not name the run (lease/label.h) are named by many. The
// machine's hook asks here before its job's first step. GitHub's own facts answer: the job must
// be shown with this very runner, and the policy must serve its run. Then the lease is that run's
// from now on, and one of that run's leases that still waits for a job, if there is one, is given
// to the run that it was made for: each run keeps its number. No machine is started or ended here.
// Thread rule: safe from many threads.

#include <string>

#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"
#include "service/demand.h"

namespace mayfly {

inline constexpr const char* k_run_changed = "run-changed";

struct JobVerdict {
  bool is_admitted = false;
  std::string why;  // it is not; printable
};

struct ExchangeSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

class Exchange {
 public:
  Exchange(const Config& config, const ExchangeSeams& seams, Demand& demand)
      : config_(config), seams_(seams), demand_(demand) {}

  // Whether the job of this run that the lease's runner was handed may begin. claim_not_yet: GitHub
  // does not show the job yet; other errors: it could not be found out. Repeating it is harmless.
  [[nodiscard]] Result<JobVerdict> admit(Lease lease, RunId run);

 private:
  [[nodiscard]] Result<JobVerdict> judge(const Lease& lease, const RunFacts& run);
  [[nodiscard]] Result<Lease> give(Lease lease, const RunFacts& run);
  void give_back(const Lease& before, const RunFacts& run);

  const Config& config_;
  ExchangeSeams seams_;
  Demand& demand_;
};

}  // namespace mayfly
