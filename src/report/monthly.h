#pragma once

// The cost report of a month, as a page of Markdown and as CSV. Pure.
//
// Names of branches, workflows and accounts are foreign text: in Markdown each stands in a code
// span, so that it can neither mention anyone nor make a link; in CSV fields are quoted (RFC 4180),
// and one that a spreadsheet would take for a formula has an apostrophe before it.

#include <string>
#include <vector>

#include "report/costs.h"
#include "report/history.h"
#include "report/times.h"

namespace mayfly::report {

struct MonthlyReport {
  std::string deployment;
  Window window;
  WallTime now{};  // of machines that still run
  bool is_cut = false;
  const std::vector<History>& histories;
};

// The title and total, a table for each CostBy, and the times until a runner.
[[nodiscard]] std::string markdown_of(const MonthlyReport& report);
// by,what,leases,machines,running,jobs,spent_usd_at_most,spot_usd,on_demand_usd,machine_seconds,
// job_seconds: the rows of each of these, one after another; a total has "total" for by.
[[nodiscard]] std::string csv_of(const MonthlyReport& report, const std::vector<CostBy>& by);
// "2026-11"
[[nodiscard]] std::string month_name(const Window& window);
// "1.530000": whole micro-dollars, so that sums agree.
[[nodiscard]] std::string exact_usd(Money money);

}  // namespace mayfly::report
