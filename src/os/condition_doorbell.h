#pragma once

// The doorbell of a process with threads: a flag under a condition variable. One waiter takes a
// ring.

#include <condition_variable>
#include <mutex>

#include "seam/clock.h"
#include "seam/doorbell.h"

namespace mayfly::os {

class ConditionDoorbell final : public Doorbell {
 public:
  // clock: a real one, for the wait is on the system's own time.
  explicit ConditionDoorbell(Clock& clock) : clock_(clock) {}

  void ring() override;
  void wait_until(SteadyTime t) override;

 private:
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable rung_;
  bool is_rung_ = false;
};

}  // namespace mayfly::os
