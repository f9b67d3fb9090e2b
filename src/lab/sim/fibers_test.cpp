#include "lab/sim/fibers.h"

#include <doctest/doctest.h>

#include <string>

#include "lab/rig/faulty_transport.h"

namespace mayfly::lab::sim {
namespace {

// Moves time from one ready fiber to the next, until none is left.
void run_all(VirtualClock& clock, Fibers& fibers) {
  while (const auto next = fibers.next()) {
    if (*next > clock.steady()) clock.pass(*next - clock.steady());
    while (fibers.run_one()) {
    }
  }
}

std::string interleaving(std::uint64_t seed) {
  VirtualClock clock;
  Fibers fibers(clock, seed);
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    fibers.spawn(k_world, [&, name] {
      for (int i = 0; i < 4; ++i) {
        order += name;
        fibers.sleep_for(Millis{10});
      }
    });
  }
  run_all(clock, fibers);
  return order;
}

}  // namespace

TEST_CASE("a fiber that sleeps goes on at its hour, and time does not pass for it alone") {
  VirtualClock clock;
  Fibers fibers(clock, 1);
  const SteadyTime began = clock.steady();
  std::string order;
  fibers.spawn(k_world, [&] {
    fibers.sleep_for(Seconds{20});
    order += "late";
    CHECK(clock.steady() == began + Seconds{20});
  });
  fibers.spawn(k_world, [&] {
    fibers.sleep_for(Seconds{5});
    order += "early ";
    CHECK(clock.steady() == began + Seconds{5});
  });
  run_all(clock, fibers);
  CHECK(order == "early late");
}

TEST_CASE("one seed is one interleaving, and seeds differ") {
  CHECK(interleaving(7) == interleaving(7));
  CHECK(interleaving(7) != interleaving(8));
}

TEST_CASE("a fiber that is woken does not wait for its hour") {
  VirtualClock clock;
  Fibers fibers(clock, 1);
  const SteadyTime began = clock.steady();
  const auto sleeper = fibers.spawn(k_world, [&] {
    fibers.sleep_for(Seconds{1000});
    CHECK(clock.steady() == began + Seconds{3});
  });
  fibers.spawn(k_world, [&] {
    fibers.sleep_for(Seconds{3});
    fibers.wake(sleeper);
  });
  run_all(clock, fibers);
}

TEST_CASE("killing a group ends each of its fibers where it waits, and unwinds it") {
  VirtualClock clock;
  Fibers fibers(clock, 1);
  struct Guard {
    int& count;
    ~Guard() { ++count; }
  };
  int unwound = 0;
  int went_on = 0;
  for (int i = 0; i < 3; ++i) {
    fibers.spawn(5, [&] {
      const Guard guard{unwound};
      fibers.sleep_for(Seconds{100});
      ++went_on;
    });
  }
  fibers.spawn(6, [&] {
    fibers.sleep_for(Seconds{100});
    ++went_on;
  });
  while (fibers.run_one()) {
  }
  fibers.kill(5);
  while (fibers.run_one()) {
  }
  CHECK(unwound == 3);
  CHECK(fibers.count(5) == 0);
  CHECK(fibers.spawn(5, [] {}) == 0);
  run_all(clock, fibers);
  CHECK(went_on == 1);
}

TEST_CASE("a fiber that kills its own group ends when it waits next") {
  VirtualClock clock;
  Fibers fibers(clock, 1);
  bool went_on = false;
  fibers.spawn(5, [&] {
    fibers.kill(5);
    fibers.sleep_for(Millis{1});
    went_on = true;
  });
  run_all(clock, fibers);
  CHECK_FALSE(went_on);
}

TEST_CASE("stacks are used again: ten thousand short fibers do not grow the process") {
  VirtualClock clock;
  Fibers fibers(clock, 1);
  int done = 0;
  for (int i = 0; i < 10'000; ++i) {
    fibers.spawn(k_world, [&] { ++done; });
    while (fibers.run_one()) {
    }
  }
  CHECK(done == 10'000);
}

}  // namespace mayfly::lab::sim
