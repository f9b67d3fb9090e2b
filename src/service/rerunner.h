#pragma once

// Runs whose job lost its spot machine to EC2 are run again, where the owner wants that
// (RepositoryConfig::rerun_interrupted): once the run has ended as failed, its failed jobs, once
// for each run. The new attempt's leases are the lookout's; they count the interruptions of the old
// ones (Place::interruptions), which makes their machines on-demand ones where the owner allows it.
//
// The stamp on the lease's timeline comes first, then GitHub is told. Where the answer is lost the
// run's attempt says whether it was done: GitHub runs nothing again that is running.
//
// Thread rule: one caller at a time per object.

#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"
#include "service/demand.h"

namespace mayfly {

// A lease that was interrupted longer ago is not looked at: GitHub re-runs for 30 days, people care
// for less.
inline constexpr Millis k_rerun_within = std::chrono::hours{72};

inline constexpr const char* k_rerun_asked = "run-rerun-asked";
inline constexpr const char* k_rerun_done = "run-rerun";
inline constexpr const char* k_not_rerun = "run-not-rerun";

struct RerunnerSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

class Rerunner {
 public:
  // demand: its calls serve the sweep.
  Rerunner(const Config& config, const RerunnerSeams& seams, Demand& demand)
      : config_(config), seams_(seams), demand_(demand) {}

  // Of any repository.
  [[nodiscard]] bool is_wanted() const;
  // recent: the ledger's newest leases, newest first. One call or two for each run that is waited
  // for; how many it made. The error stops it: what is left is looked at next time.
  [[nodiscard]] Status look(const std::vector<Lease>& recent, SteadyTime until);
  // Of the last look.
  [[nodiscard]] std::size_t calls() const { return calls_; }

 private:
  [[nodiscard]] bool is_candidate(const Lease& lease) const;
  [[nodiscard]] Status look_at(const Lease& lease, const std::vector<Lease>& recent);
  [[nodiscard]] Result<bool> was_rerun(const Lease& lease, const std::vector<Lease>& recent);
  [[nodiscard]] Status ask(const Lease& lease);
  [[nodiscard]] Status settle(const Lease& lease, const char* stamp, const std::string& why);
  [[nodiscard]] Status settle(const Lease& lease);

  const Config& config_;
  RerunnerSeams seams_;
  Demand& demand_;
  std::size_t calls_ = 0;
  std::set<std::string> settled_;  // leases; bounded
};

}  // namespace mayfly
