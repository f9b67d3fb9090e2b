// The law of cancelled runs is not blind (laws_test.cpp).

#include "lab/sim/testing.h"

namespace mayfly::lab::sim {
namespace {

// The lease of the run that start_run() starts has ended; without machine, job and capacity.
void end_in_vain(Watched& watched, RunId run) {
  Lease lease = watched.reserve(watched.new_lease(run));
  lease.state = LeaseState::gone;
  lease.outcome = Outcome::no_capacity;
  lease.state_since = watched.world.now();
  watched.write(lease);
}

TEST_CASE(
    "law: a run is cancelled only by its owner's wish, said before, and while it waits in vain") {
  struct Case {
    bool is_wished, is_said, has_failed, is_broken;
  };
  for (const Case& one : {Case{true, true, true, false}, Case{false, true, true, true},
                          Case{true, false, true, true}, Case{true, true, false, true}}) {
    Watched watched(make_cancel_law);
    watched.world.config.repositories.front().cancel_unserved = one.is_wished;
    const RunId run = watched.start_run();
    if (one.has_failed)
      end_in_vain(watched, run);
    else
      watched.reserve(watched.new_lease(run));
    watched.world.run_until(watched.world.clock.steady() + Seconds{200});
    const CapturingLog::Line said{
        LogLevel::warning, "run-cancel-asked", {{"run", std::to_string(run)}}};
    if (one.is_said) watched.law().log_line(watched.world, said);
    watched.cancels(run);
    CHECK(watched.is_broken() == one.is_broken);
  }
}

// No server is up in these worlds, which excuses everything.
void pass_as_if_served(Watched& watched, Millis d) {
  const SteadyTime end = watched.world.clock.steady() + d;
  while (watched.world.clock.steady() < end) {
    watched.world.run_until(watched.world.clock.steady() + Seconds{20});
    watched.world.conditions.server_down = {};
    watched.law().look(watched.world);
  }
}

TEST_CASE("law: a run that waits in vain and is not cancelled, against its owner's wish, is seen") {
  for (const bool is_wished : {true, false}) {
    Watched watched(make_cancel_law);
    watched.world.config.repositories.front().cancel_unserved = is_wished;
    end_in_vain(watched, watched.start_run());
    pass_as_if_served(watched, Seconds{600});
    CHECK_FALSE(watched.is_broken());
    pass_as_if_served(watched, Seconds{600});
    CHECK(watched.is_broken() == is_wished);
  }
}

}  // namespace
}  // namespace mayfly::lab::sim
