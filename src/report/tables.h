#pragma once

// The reports as text tables for a terminal.

#include <string>
#include <vector>

#include "report/costs.h"
#include "report/times.h"

namespace mayfly::report {

// "x86_64 ami-0a: 12 leases, 1 without a runner", and under it a line for each stage, and for the
// time until the runner and its job, with count, median, p90, p99 and longest.
[[nodiscard]] std::string times_table(const std::vector<TimesRow>& rows);
// A line for each row, then the total.
[[nodiscard]] std::string costs_table(CostBy by, const std::vector<CostRow>& rows,
                                      const CostRow& total);
// The stages of one lease with a bar each, all on one scale; width: columns for the bars, at
// least 1.
[[nodiscard]] std::string journey_picture(const Journey& journey, int width);

}  // namespace mayfly::report
