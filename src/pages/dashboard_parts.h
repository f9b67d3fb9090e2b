#pragma once

// The sections of the dashboard, and what they are built from. Pure.

#include <string>
#include <vector>

#include "pages/dashboard.h"
#include "pages/lease_filter.h"

namespace mayfly::pages {

// "leases?state=live"
[[nodiscard]] std::string leases_by(const LeaseFilter& filter);
void write_heading(Html& html, const std::string& id, const std::string& text);
// The head of a table whose columns but the first are numbers.
void write_number_head(Html& html, const std::string& first,
                       const std::vector<std::string>& columns);

// Where leads to the leases behind the count; nowhere for a count that has none.
struct Count {
  std::string name;
  std::string href;
  std::int64_t count = 0;
};
// Largest first, each with its share of all.
void write_counts(Html& html, const std::string& what, const std::string& unit,
                  std::vector<Count> counts);

void write_limits(Html& html, const DashboardFacts& facts, const Config& config, WallTime now);
void write_live(Html& html, const DashboardFacts& facts);
void write_times(Html& html, const report::RecentTimes& times);
void write_outcomes(Html& html, const DashboardFacts& facts);
void write_pools(Html& html, const DashboardFacts& facts);
void write_pool_health(Html& html, const PoolMemory& pools, const Config& config, WallTime now);
void write_audit(Html& html, const Audit& audit);
void write_enforcers(Html& html, const DashboardFacts& facts, WallTime now);
void write_calls(Html& html, const DashboardFacts& facts, const Config& config, WallTime now);

}  // namespace mayfly::pages
