#pragma once

// Draws of a simulation's actors that the seam to randomness does not have. One draw each.

#include "base/time.h"
#include "seam/entropy.h"

namespace mayfly::lab::sim {

// Even in [low, high].
[[nodiscard]] inline Millis draw_between(Entropy& entropy, Millis low, Millis high) {
  const auto span = static_cast<std::uint64_t>((high - low).count());
  return low + Millis(static_cast<std::int64_t>(entropy.below(span + 1)));
}

}  // namespace mayfly::lab::sim
