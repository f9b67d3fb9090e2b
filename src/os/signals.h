#pragma once

// SIGINT and SIGTERM as something to wait for, rather than something that interrupts.

#include <csignal>

#include "base/time.h"

namespace mayfly::os {

// Writing to a closed connection is an error to handle, not a reason to die.
void ignore_broken_pipes();

// Blocks SIGINT and SIGTERM in this thread and in every thread started after it, so make it first
// in main. Destroying it puts the old mask back: a second Ctrl-C then ends a shutdown that takes
// long.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  // The number of the signal that came.
  int wait();
  // True when one came within the time.
  [[nodiscard]] bool wait_for(Millis limit);

 private:
  sigset_t stop_{};
  sigset_t before_{};
};

}  // namespace mayfly::os
