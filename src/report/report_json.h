#pragma once

// The reports as JSON: durations in whole milliseconds, money in dollars as a decimal text that
// loses nothing.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include "base/json.h"
#include "report/costs.h"
#include "report/stages.h"
#include "report/times.h"

namespace mayfly::report {

// {"stages": [{"stage", "from_ms", "to_ms", "exact"}], "runner_ms", "job_ms", "launches", ...}
[[nodiscard]] json::object journey_json(const Journey& journey);
[[nodiscard]] json::array times_json(const std::vector<TimesRow>& rows);
[[nodiscard]] json::object cost_json(const CostRow& row);
[[nodiscard]] json::array costs_json(const std::vector<CostRow>& rows);

}  // namespace mayfly::report
