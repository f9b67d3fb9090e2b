#pragma once

// Draws of a simulation's actors that the seam to randomness does not have.

#include <map>
#include <string>

#include "base/time.h"
#include "lab/rig/seams.h"

namespace mayfly::lab::sim {

// Even in [low, high]; one draw.
[[nodiscard]] inline Millis draw_between(Entropy& entropy, Millis low, Millis high) {
  const auto span = static_cast<std::uint64_t>((high - low).count());
  return low + Millis(static_cast<std::int64_t>(entropy.below(span + 1)));
}

// A stream for each name: what one call draws does not move another's, so that a history with one
// fault less stays alike but for that fault, and a failure's faults can be told from the rest.
class NamedDraws {
 public:
  explicit NamedDraws(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] Entropy& of(const std::string& name) {
    const auto found = streams_.find(name);
    return found != streams_.end() ? found->second
                                   : streams_.emplace(name, seed_ ^ fnv1a(name)).first->second;
  }

 private:
  static std::uint64_t fnv1a(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
  }

  std::uint64_t seed_;
  std::map<std::string, SeededEntropy> streams_;
};

}  // namespace mayfly::lab::sim
