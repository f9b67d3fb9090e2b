#pragma once

// The machine's clocks. Wall time is CLOCK_REALTIME. Steady time is CLOCK_BOOTTIME, which goes on
// while the machine is suspended: a pooled connection that slept through a freeze counts as old.

#include "seam/clock.h"

namespace mayfly::os {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() override;
  [[nodiscard]] SteadyTime steady() override;
  void sleep_until(SteadyTime t) override;
};

}  // namespace mayfly::os
