#include "web/ask_limits.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

SteadyTime at(Millis t) { return SteadyTime{Seconds{1000} + t}; }

int admitted(AskLimits& limits, const std::string& peer, Millis t, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limits.admit(peer, at(t)) ? 1 : 0;
  return count;
}

std::string address(int n) {
  return "10." + std::to_string(n >> 8) + "." + std::to_string(n & 255) + ".9";
}

TEST_CASE(
    "ask limits: a neighbourhood that floods is refused and its neighbours elsewhere are not") {
  AskLimits limits({.per_minute = 100, .per_minute_per_prefix = 10}, {});
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 1000) == 10);
  CHECK(admitted(limits, "192.0.2.200", Millis{0}, 10) == 0);  // the same /24
  CHECK(admitted(limits, "192.0.3.7", Millis{0}, 10) == 10);
  CHECK(admitted(limits, "2001:db8:1:2::3", Millis{0}, 1000) == 10);
  CHECK(admitted(limits, "2001:db8:1:ffff::3", Millis{0}, 10) == 0);  // the same /48
  CHECK(admitted(limits, "2001:db8:2::3", Millis{0}, 10) == 10);
}

TEST_CASE("ask limits: the refusal says how long to wait, and after that it is let in") {
  AskLimits limits({.per_minute = 60, .per_minute_per_prefix = 6}, {});
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 6) == 6);
  const Status refused = limits.admit("192.0.2.7", at(Millis{1'000}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::limit_asks);
  CHECK(refused.error().retry_after == Millis{9'000});
  CHECK_FALSE(limits.admit("192.0.2.7", at(Millis{9'999})));
  CHECK(limits.admit("192.0.2.7", at(Millis{10'000})));
}

TEST_CASE("ask limits: all together get no more than all may ask, from however many addresses") {
  AskLimits limits({.per_minute = 50, .per_minute_per_prefix = 50}, {});
  int count = 0;
  for (int n = 0; n < 10'000; ++n) count += limits.admit(address(n), at(Millis{0})) ? 1 : 0;
  CHECK(count == 50);
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 1) == 0);
  CHECK(admitted(limits, "192.0.2.7", Seconds{60}, 100) == 50);
}

TEST_CASE("ask limits: a flood that is refused takes nothing from what all may ask") {
  AskLimits limits({.per_minute = 30, .per_minute_per_prefix = 10}, {});
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 10'000) == 10);
  CHECK(admitted(limits, "192.0.3.7", Millis{0}, 10) == 10);
  CHECK(admitted(limits, "192.0.4.7", Millis{0}, 10) == 10);
}

TEST_CASE("ask limits: one that is told to wait since all asked too much keeps its own share") {
  AskLimits limits({.per_minute = 60, .per_minute_per_prefix = 20}, {});
  for (const char* peer : {"10.0.1.1", "10.0.2.1", "10.0.3.1"})
    CHECK(admitted(limits, peer, Millis{0}, 20) == 20);
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 1000) == 0);
  CHECK(admitted(limits, "192.0.2.7", Seconds{30}, 1000) == 20);
}

TEST_CASE(
    "ask limits: this machine and the proxies have no bucket that their callers would share") {
  AskLimits limits({.per_minute = 100, .per_minute_per_prefix = 1}, {"198.51.100.0/24"});
  for (const char* peer : {"127.0.0.1", "127.9.9.9", "::1", "198.51.100.3", ""})
    CHECK_MESSAGE(admitted(limits, peer, Millis{0}, 5) == 5, peer);
  CHECK(admitted(limits, "198.51.101.3", Millis{0}, 5) == 1);
  CHECK(admitted(limits, "127.0.0.1", Millis{0}, 1000) == 74);  // all are still counted
}

TEST_CASE("ask limits: many addresses neither fill the memory nor have a bucket forgotten") {
  AskLimits limits({.per_minute = 50, .per_minute_per_prefix = 10}, {});
  CHECK(admitted(limits, "192.0.2.7", Millis{0}, 10) == 10);
  std::size_t most = 0;
  for (int n = 0; n < 60'000; ++n) {
    (void)limits.admit(address(n), at(Millis{n / 10}));
    most = std::max(most, limits.remembered());
    // Six seconds bring one token back, and nothing else does.
    if (n % 100 == 99 && n < 50'000) CHECK_FALSE(limits.admit("192.0.2.7", at(Millis{n / 10})));
  }
  CHECK(most <= 4 * 50 + 1);
}

TEST_CASE("ask limits: when old buckets are dropped, that of who has just asked is not") {
  AskLimits limits({.per_minute = 10, .per_minute_per_prefix = 2}, {});
  for (int n = 0; n < 38; ++n) CHECK(admitted(limits, address(n), Seconds{6 * n}, 1) == 1);
  const Millis later = Seconds{6 * 38 + 90};
  CHECK(admitted(limits, "192.0.2.7", later, 2) == 2);
  CHECK(limits.remembered() == 39);
  CHECK(admitted(limits, "192.0.3.7", later, 1) == 1);
  CHECK(admitted(limits, "192.0.4.7", later, 1) == 1);
  CHECK(limits.remembered() < 39);
  CHECK(admitted(limits, "192.0.2.7", later, 1) == 0);
}

}  // namespace
}  // namespace mayfly
