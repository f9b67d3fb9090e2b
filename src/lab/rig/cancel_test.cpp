// A run whose job waits in vain turns red, where the owner wants that.

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

RigOptions cancelling() {
  RigOptions options = rr_options();
  options.config.repositories.front().cancel_unserved = true;
  return options;
}

std::size_t cancels(Rig& rig) { return calls_to(rig, "/cancel"); }

bool is_cancelled(Rig& rig, RunId run) {
  return conclusion_of(rig.github(), run, "test-x86_64") == "cancelled";
}

// Machines that never claim.
RigOptions dead_machines() {
  RigOptions options = cancelling();
  options.machines = all_behave(Behaviour::dead);
  return options;
}

TEST_CASE("rig: a run whose machines never come up is cancelled, with the reason on its lease") {
  Rig rig(dead_machines());
  const RunId run = ask_by_id(rig);
  REQUIRE(rig.run_until([&] { return is_cancelled(rig, run); }, std::chrono::hours{1}));
  bool is_told = false;
  for (const Lease& lease : leases(rig)) {
    const std::vector<std::string> names = stamps_of(rig, lease.id);
    const auto asked = std::find(names.begin(), names.end(), "run-cancel-asked");
    const auto done = std::find(names.begin(), names.end(), "run-cancelled");
    if (done == names.end()) continue;
    CHECK(asked < done);
    CHECK(lease.outcome == Outcome::boot_failed);
    is_told = true;
  }
  CHECK(is_told);
  rig.run_for(Seconds{600});
  CHECK(cancels(rig) == 1);
}

TEST_CASE("rig: without the owner's word no run is cancelled") {
  RigOptions options = dead_machines();
  options.config.repositories.front().cancel_unserved = false;
  Rig rig(options);
  (void)ask_by_id(rig);
  rig.run_for(std::chrono::hours{2});
  CHECK(cancels(rig) == 0);
}

TEST_CASE("rig: a run that is served is never cancelled") {
  Rig rig(cancelling());
  const RunId run = ask_by_id(rig);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  finish_hosted(rig.github(), run, "stop");
  rig.run_for(Seconds{300});
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(cancels(rig) == 0);
}

TEST_CASE("rig: a re-run that the policy refuses is cancelled after a while, and not before") {
  RigOptions options = cancelling();
  options.config.repositories.front().policy.denied_actors = {"mallory"};
  Rig rig(options);
  const RunId run = ask_by_id(rig);
  REQUIRE(rig.run_until([&] { return rig.github().runners().size() == 2; }, Seconds{300}));
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  REQUIRE(rig.github().rerun(run, Rerun::failed, "mallory").value() == 2);
  rig.run_for(rig.config().machine.capacity_patience - Seconds{60});
  CHECK(cancels(rig) == 0);
  rig.run_for(Seconds{180});
  CHECK(cancels(rig) == 1);
  CHECK(is_cancelled(rig, run));
}

TEST_CASE("rig: a cancellation that GitHub refuses is tried again, and nothing else suffers") {
  Rig rig(dead_machines());
  const RunId run = ask_by_id(rig);
  rig.upstream().add(answered("/cancel", 503, 3));
  REQUIRE(rig.run_until([&] { return is_cancelled(rig, run); }, std::chrono::hours{1}));
  CHECK(cancels(rig) == 4);
}

}  // namespace
}  // namespace mayfly
