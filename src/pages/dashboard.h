#pragma once

// What the operator sees first: whether all is well, what is used of what is allowed, how long
// runners took, how leases ended, what machines did in which pools, and the audit. Each figure
// leads to the leases behind it. Pure: facts in, HTML out.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "ledger/ledger.h"
#include "pages/html.h"
#include "pages/story.h"
#include "service/sweeper.h"

namespace mayfly::pages {

// How long one lease took to its runner, and each stage of it.
struct RunnerTime {
  Millis whole{0};
  std::map<StageKind, Millis> stages;
};

struct DashboardFacts {
  Usage usage;
  Audit audit;
  std::vector<Lease> leases;      // the newest, newest first; live ones are all among live
  std::vector<Lease> live;        // all of them
  std::vector<RunnerTime> times;  // of the newest leases that got a runner
  std::size_t times_of = 0;       // among so many leases
  std::optional<std::pair<WallTime, SweepReport>> last_sweep;  // of this process; none on Lambda
};

// The p-th percentile by nearest rank; 0 without values.
[[nodiscard]] Millis percentile(std::vector<Millis> values, int p);

// What is wrong now, in sentences; empty when all is well.
[[nodiscard]] std::vector<std::string> worries(const DashboardFacts& facts, const Config& config,
                                               WallTime now);

void write_dashboard(Html& html, const DashboardFacts& facts, const Config& config, WallTime now);

}  // namespace mayfly::pages
