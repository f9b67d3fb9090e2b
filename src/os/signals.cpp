#include "os/signals.h"

#include <pthread.h>

#include "base/result.h"

namespace mayfly::os {

void ignore_broken_pipes() { MAYFLY_CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR); }

StopSignal::StopSignal() {
  sigemptyset(&stop_);
  sigaddset(&stop_, SIGINT);
  sigaddset(&stop_, SIGTERM);
  MAYFLY_CHECK(pthread_sigmask(SIG_BLOCK, &stop_, &before_) == 0);
}

StopSignal::~StopSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int StopSignal::wait() {
  int signal = 0;
  MAYFLY_CHECK(sigwait(&stop_, &signal) == 0);
  has_come_ = true;
  return signal;
}

bool StopSignal::wait_for(Millis limit) {
  const auto seconds = std::chrono::floor<Seconds>(limit);
  const std::chrono::nanoseconds rest = limit - seconds;
  const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>(rest.count())};
  const bool is_here = sigtimedwait(&stop_, nullptr, &time) > 0;
  has_come_ = has_come_ || is_here;
  return is_here;
}

void StopSignal::forget() {
  while (wait_for(Millis{0})) {
  }
}

}  // namespace mayfly::os
