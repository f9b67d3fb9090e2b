#pragma once

// The seam to randomness: nonces and ids (must be unguessable) and backoff jitter (must be spread).
// Real: the operating system. Simulated: seeded. Thread rule: callable from any thread.

#include <cstdint>
#include <span>
#include <string>

namespace mayfly {

class Entropy {
 public:
  Entropy() = default;
  Entropy(const Entropy&) = delete;
  Entropy& operator=(const Entropy&) = delete;
  virtual ~Entropy() = default;

  virtual void fill(std::span<std::uint8_t> out) = 0;

  [[nodiscard]] std::string hex(std::size_t bytes);
  // Even in [0, bound); bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

}  // namespace mayfly
