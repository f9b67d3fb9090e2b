#pragma once

// Aiming at the moments of a lease: some are over in milliseconds, and what happens at any time
// would almost never happen in them. One thread.

#include <optional>

#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {

// Waits until a live lease is in a moment, which is drawn: one of moment_of() (scout.h), or some
// seconds before its deadline. None: no lease was, for hours. From a fiber; takes one draw.
[[nodiscard]] std::optional<Lease> await_moment(SimWorld& world, Entropy& entropy);

// People who act at such a moment: cancel the run, destroy by label, delete by id; from a fiber.
void meddle_forever(SimWorld& world);

}  // namespace mayfly::lab::sim
