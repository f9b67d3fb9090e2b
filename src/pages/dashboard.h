#pragma once

// What the operator sees first: whether all is well, what is used of what is allowed, how long
// runners took, how leases ended, what machines did in which pools, the audit, the enforcers and
// the calls. Each figure that has leases behind it leads to them. Pure: facts in, HTML out.

#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "lease/pools.h"
#include "ledger/ledger.h"
#include "pages/html.h"
#include "pages/process_facts.h"
#include "report/recent_times.h"

namespace mayfly::pages {

struct DashboardFacts {
  Usage usage;
  Audit audit;
  std::span<const Lease> leases;  // the newest, newest first; live ones are all among live
  std::span<const Lease> live;    // all of them
  report::RecentTimes times;
  PoolMemory pools;
  ProcessFacts process;
};

// What is wrong now, in sentences; empty when all is well.
[[nodiscard]] std::vector<std::string> worries(const DashboardFacts& facts, const Config& config,
                                               WallTime now);

void write_dashboard(Html& html, const DashboardFacts& facts, const Config& config, WallTime now);
// The newest runners with their stages, slowest first: what the percentiles are made of.
void write_runner_times(Html& html, const report::RecentTimes& times, WallTime now);

}  // namespace mayfly::pages
