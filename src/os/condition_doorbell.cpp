#include "os/condition_doorbell.h"

#include <algorithm>

namespace mayfly::os {

void ConditionDoorbell::ring() {
  {
    const std::lock_guard lock(mutex_);
    is_rung_ = true;
  }
  rung_.notify_one();
}

void ConditionDoorbell::wait_until(SteadyTime t) {
  std::unique_lock lock(mutex_);
  for (Millis left = t - clock_.steady(); !is_rung_ && left > Millis{0};
       left = t - clock_.steady()) {
    // In slices, since the condition variable's own clock stands still while the machine sleeps.
    rung_.wait_for(lock, std::min(left, Millis{60'000}));
  }
  is_rung_ = false;
}

}  // namespace mayfly::os
