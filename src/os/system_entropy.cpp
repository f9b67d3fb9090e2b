#include "os/system_entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "base/result.h"

namespace mayfly::os {

void SystemEntropy::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    // Weak randomness would be worse than none: nonces must be unguessable.
    MAYFLY_CHECK(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace mayfly::os
