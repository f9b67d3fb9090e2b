#pragma once

// An instant on the steady clock to wait for sockets by. Private to os.

#include <algorithm>

#include "seam/clock.h"

namespace mayfly::os {

class Deadline {
 public:
  Deadline(Clock& clock, SteadyTime at) : clock_(&clock), at_(at) {}

  // Never negative.
  [[nodiscard]] Millis left() const { return std::max(Millis{0}, at_ - clock_->steady()); }
  [[nodiscard]] bool has_passed() const { return left() == Millis{0}; }
  // This one, or `in` from now if that is sooner.
  [[nodiscard]] Deadline no_later_than(Millis in) const {
    return {*clock_, std::min(at_, clock_->steady() + in)};
  }
  // Waits until poll(2) reports one of events (or an error) on fd: true; false at the deadline.
  [[nodiscard]] bool wait_ready(int fd, short events) const;

 private:
  Clock* clock_;
  SteadyTime at_;
};

}  // namespace mayfly::os
