#pragma once

// The parts of simulation.h that need no simulation: shrinking with any function in its place, and
// the commands that a person pastes into a shell. Pure.

#include <functional>
#include <string>
#include <string_view>

#include "lab/sim/simulation.h"

namespace mayfly::lab::sim {

using Simulate = std::function<SimResult(const SimPlan&)>;

// As shrink() of simulation.h. Starts from plan.exactly, or from what `failed` says was injected;
// stays in the same scenario and seed, and takes only lists whose first violation is of the law
// that was first violated in `failed`. When tries or plan.stop end it early, the shortest list
// found so far.
[[nodiscard]] Shrunk shrink_with(const Simulate& simulate, const SimPlan& plan,
                                 const SimResult& failed, int tries);

// The command that plays what the plan says: its list if it has one, else what its seed draws.
[[nodiscard]] std::string command_for(const SimPlan& plan);

// --faults understands this as the empty list.
inline constexpr std::string_view k_no_faults = "none";

// As one word for a POSIX shell.
[[nodiscard]] std::string shell_quoted(std::string_view text);

}  // namespace mayfly::lab::sim
