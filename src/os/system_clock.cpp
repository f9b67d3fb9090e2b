#include "os/system_clock.h"

#include <time.h>

#include <cerrno>

#include "base/result.h"

namespace mayfly::os {
namespace {

Millis read_clock(clockid_t id) {
  timespec now{};
  MAYFLY_CHECK(clock_gettime(id, &now) == 0);
  return Seconds{now.tv_sec} +
         std::chrono::duration_cast<Millis>(std::chrono::nanoseconds{now.tv_nsec});
}

timespec to_timespec(Millis since_zero) {
  const auto seconds = std::chrono::floor<Seconds>(since_zero);
  const std::chrono::nanoseconds rest = since_zero - seconds;
  return {static_cast<time_t>(seconds.count()), static_cast<long>(rest.count())};
}

}  // namespace

WallTime SystemClock::wall() { return WallTime{read_clock(CLOCK_REALTIME)}; }

SteadyTime SystemClock::steady() { return SteadyTime{read_clock(CLOCK_BOOTTIME)}; }

void SystemClock::sleep_until(SteadyTime t) {
  const timespec until = to_timespec(t.time_since_epoch());
  while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace mayfly::os
