#include "seam/entropy.h"

#include <array>
#include <cstring>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace mayfly {

std::string Entropy::hex(std::size_t bytes) {
  std::vector<std::uint8_t> buffer(bytes);
  fill(buffer);
  return to_hex(buffer);
}

std::uint64_t Entropy::below(std::uint64_t bound) {
  MAYFLY_CHECK(bound > 0);
  const std::uint64_t unbiased_max = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    std::array<std::uint8_t, 8> bytes{};
    fill(bytes);
    std::uint64_t draw = 0;
    std::memcpy(&draw, bytes.data(), bytes.size());
    if (draw < unbiased_max) return draw % bound;
  }
}

}  // namespace mayfly
