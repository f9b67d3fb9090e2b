#include "os/deadline.h"

#include <poll.h>

namespace mayfly::os {

bool Deadline::wait_ready(int fd, short events) const {
  // In slices: poll's own clock stands still while the machine sleeps, ours does not.
  constexpr Millis k_slice{60'000};
  for (;;) {
    const Millis slice = std::min(left(), k_slice);
    pollfd entry{fd, events, 0};
    if (poll(&entry, 1, static_cast<int>(slice.count())) > 0) return true;
    if (has_passed()) return false;
  }
}

}  // namespace mayfly::os
