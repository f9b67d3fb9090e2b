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
  // Whether one was waited for successfully.
  [[nodiscard]] bool has_come() const { return has_come_; }
  // One that has come and that nobody has waited for would end the process where the old mask is
  // put back; for who is at the end anyway, and wants its own exit status.
  void forget();

 private:
  sigset_t stop_{};
  sigset_t before_{};
  bool has_come_ = false;
};

}  // namespace mayfly::os
