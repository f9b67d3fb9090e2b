#pragma once

// "Look now": handlers ring it, the sweep waits at it. Rings while nobody waits are kept as one.
// Nothing depends on a ring arriving: the sweep comes by itself.

#include "base/time.h"

namespace mayfly {

class Doorbell {
 public:
  Doorbell() = default;
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  virtual ~Doorbell() = default;

  virtual void ring() = 0;
  // Returns at a ring or at t, whichever comes first.
  virtual void wait_until(SteadyTime t) = 0;
};

}  // namespace mayfly
