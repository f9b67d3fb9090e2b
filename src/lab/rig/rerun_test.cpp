// "Re-run failed jobs" and "re-run all jobs" of runs that were served: GitHub does not run a setup
// job again that succeeded, so nobody asks.

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

// The run as GitHub leaves it when somebody cancels it during its tests.
void end_first_attempt(Rig& rig, RunId run) {
  REQUIRE(rig.run_until([&] { return rig.github().runners().size() == 2; }, Seconds{300}));
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
}

std::vector<Lease> leases_of_attempt(Rig& rig, RunId run, int attempt) {
  std::vector<Lease> all = leases(rig);
  std::erase_if(
      all, [&](const Lease& lease) { return lease.run_id != run || lease.run_attempt != attempt; });
  return all;
}

// Both tests of the second attempt, on machines of their own, and all is put away.
void check_second_attempt(Rig& rig, RunId run) {
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  finish_hosted(rig.github(), run, "stop");
  CHECK(rig.github().outcome(run).conclusion == "success");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  const auto second = leases_of_attempt(rig, run, 2);
  CHECK(second.size() == 2);
  for (const Lease& lease : second) {
    CHECK(lease.outcome == Outcome::job_done);
    CHECK(machines_of(rig, lease).size() == 1);
    CHECK(rig.ledger().events(lease.id)->front().detail == "re-run");
  }
  check_settled(rig);
}

RunId served_run(Rig& rig) {
  const RunId run = ask_by_id(rig);
  end_first_attempt(rig, run);
  return run;
}

TEST_CASE("rig: failed jobs that are run again get runners though no setup job asks") {
  Rig rig;
  const RunId run = served_run(rig);
  REQUIRE(rig.github().rerun(run, Rerun::failed).value() == 2);
  check_second_attempt(rig, run);
}

TEST_CASE("rig: a run that is run again after days is served as on the first day") {
  Rig rig;
  const RunId run = served_run(rig);
  rig.set_sweeping(false);  // nothing happens in these days
  rig.run_for(std::chrono::hours{24 * 9});
  rig.set_sweeping(true);
  REQUIRE(rig.github().rerun(run, Rerun::failed).value() == 2);
  check_second_attempt(rig, run);
}

TEST_CASE("rig: bare labels of failed jobs that are run again get runners too") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  end_first_attempt(rig, run);
  REQUIRE(rig.github().rerun(run, Rerun::failed).value() == 2);
  check_second_attempt(rig, run);
}

TEST_CASE("rig: what a setup job asks for in a second attempt is not given twice") {
  Rig rig;
  const RunId run = served_run(rig);
  REQUIRE(rig.github().rerun(run, Rerun::all).value() == 2);
  begin_hosted(rig.github(), run, "setup");
  rig.run_for(Seconds{60});
  CHECK(leases_of_attempt(rig, run, 2).empty());  // no job waits yet
  REQUIRE(rig.post("/v1/leases", v1_ask(run)).status == 201);
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  CHECK(leases_of_attempt(rig, run, 2).size() == 2);
  check_settled(rig);
}

TEST_CASE("rig: a new label of a second attempt is accepted while the first one's machines end") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  REQUIRE(rig.run_until([&] { return rig.github().runners().size() == 2; }, Seconds{300}));
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.github().rerun(run, Rerun::all).value() == 2);
  const HttpResponse answer = rig.post("/", seed_create(k_other_label));
  CHECK_MESSAGE(answer.status == 200, answer.body);
  CHECK(lease_of(rig, k_other_label, Architecture::arm64).run_attempt == 2);
}

TEST_CASE("rig: a second attempt by an account that the owner denies gets nothing") {
  RigOptions options = rr_options();
  options.config.repositories.front().policy.denied_actors = {"mallory"};
  Rig rig(options);
  const RunId run = served_run(rig);
  REQUIRE(rig.github().rerun(run, Rerun::failed, "mallory").value() == 2);
  rig.run_for(Seconds{300});
  CHECK(leases_of_attempt(rig, run, 2).empty());
}

TEST_CASE("rig: a second attempt of a run that never had a runner of ours gets none") {
  Rig rig;
  const RunId run = start_v1_run(rig.github());
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.github().rerun(run, Rerun::failed).value() == 2);
  rig.run_for(Seconds{300});
  CHECK(leases(rig).empty());
}

TEST_CASE("rig: jobs of a second attempt wait for a place and are served when there is one") {
  RigOptions options = rr_options();
  options.config.limits.machines = 2;
  Rig rig(options);
  const RunId run = served_run(rig);
  const RunId other = begin_and_create(rig, k_other_label);
  REQUIRE(rig.github().rerun(run, Rerun::failed).value() == 2);
  rig.run_for(Seconds{90});
  CHECK(leases_of_attempt(rig, run, 2).empty());
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, other); }, Seconds{900}));
  finish_hosted(rig.github(), other, "stop");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  CHECK(leases_of_attempt(rig, run, 2).size() == 2);
}

}  // namespace
}  // namespace mayfly
