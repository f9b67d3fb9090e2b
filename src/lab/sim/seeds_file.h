#pragma once

// The file of simulations that once failed and are played again by every test run. One a line:
//   scenario | seed | faults, or - for what the seed draws, or none | what it was
// Empty lines and lines that begin with # say nothing.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/sim/simulation.h"

namespace mayfly::lab::sim {

// As --faults takes it: "none", or a list as faults.h writes it. An empty text is refused, so that
// a lost shell variable does not pass for a run without faults. Code::bad_field.
[[nodiscard]] Result<std::vector<Injection>> parse_faults(std::string_view text);

// Code::bad_field with the number of the first line that is wrong.
[[nodiscard]] Result<std::vector<SimPlan>> parse_seeds(std::string_view text);

}  // namespace mayfly::lab::sim
