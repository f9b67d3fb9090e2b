#pragma once

// Randomness from the kernel: getrandom(2), which blocks only until the machine has seeded it once.

#include "seam/entropy.h"

namespace mayfly::os {

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace mayfly::os
