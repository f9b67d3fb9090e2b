#pragma once

// The seam to time. Passed by reference from the composition root; nothing else may read a clock.
// Thread rule: callable from any thread (in simulation, from any fiber).

#include "base/time.h"

namespace mayfly {

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual WallTime wall() = 0;
  [[nodiscard]] virtual SteadyTime steady() = 0;
  // Returns at or after t. A simulated clock lets other fibers run meanwhile.
  virtual void sleep_until(SteadyTime t) = 0;

  void sleep_for(Millis d) { sleep_until(steady() + d); }
};

}  // namespace mayfly
