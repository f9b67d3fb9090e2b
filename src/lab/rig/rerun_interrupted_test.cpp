// Where the owner wants it, what EC2 took back during its job is run again, by itself and once.

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

RigOptions rerunning() {
  RigOptions options = rr_options();
  options.config.repositories.front().rerun_interrupted = true;
  return options;
}

std::size_t reruns(Rig& rig) { return calls_to(rig, "/rerun-failed-jobs"); }

GithubRun run_at_github(Rig& rig, RunId run) {
  for (const GithubRun& one : rig.github().runs())
    if (one.id == run) return one;
  return {};
}

std::optional<Lease> lease_for(Rig& rig, RunId run, int attempt, Architecture architecture) {
  for (const Lease& lease : leases(rig))
    if (lease.run_id == run && lease.run_attempt == attempt && lease.architecture == architecture)
      return lease;
  return std::nullopt;
}

bool is_stamped(Rig& rig, const LeaseId& id, const std::string& name) {
  const auto names = stamps_of(rig, id);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// EC2 takes the x86_64 machine back during its job.
Lease interrupt(Rig& rig, RunId run, int attempt) {
  const auto is_at_work = [&] {
    const auto lease = lease_for(rig, run, attempt, Architecture::x86_64);
    return lease && lease->job_confirmed && lease->state == LeaseState::busy;
  };
  REQUIRE(rig.run_until(is_at_work, Seconds{900}));
  const Lease lease = *lease_for(rig, run, attempt, Architecture::x86_64);
  REQUIRE(rig.aws().interrupt(lease.launch.instance_id, false));
  return lease;
}

RunId interrupted_run(Rig& rig, Lease& lease) {
  const RunId run = ask_by_id(rig);
  lease = interrupt(rig, run, 1);
  return run;
}

void end_run(Rig& rig, RunId run) {
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1800}));
  finish_hosted(rig.github(), run, "stop");
}

TEST_CASE(
    "rig: a job whose machine was taken back is run again once its run has ended, on-demand") {
  Rig rig(rerunning());
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1800}));
  rig.run_for(Seconds{120});
  CHECK(reruns(rig) == 0);  // "stop" still runs
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.run_until([&] { return run_at_github(rig, run).attempt == 2; }, Seconds{120}));
  const auto has_second = [&] { return lease_for(rig, run, 2, Architecture::x86_64).has_value(); };
  REQUIRE(rig.run_until(has_second, Seconds{120}));
  CHECK(lease_for(rig, run, 2, Architecture::x86_64)->launch.on_demand);
  CHECK_FALSE(lease_for(rig, run, 2, Architecture::arm64));  // that job did not fail
  end_run(rig, run);
  CHECK(rig.github().outcome(run).conclusion == "success");
  REQUIRE(rig.run_until_quiet(Seconds{600}));
  CHECK(is_stamped(rig, taken.id, "run-rerun-asked"));
  CHECK(is_stamped(rig, taken.id, "run-rerun"));
  rig.run_for(Seconds{600});
  CHECK(reruns(rig) == 1);
  check_settled(rig);
}

TEST_CASE("rig: without the owner's word nothing is run again") {
  Rig rig;
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  end_run(rig, run);
  rig.run_for(Seconds{600});
  CHECK(reruns(rig) == 0);
  CHECK(run_at_github(rig, run).attempt == 1);
}

TEST_CASE("rig: a run that somebody cancelled after the interruption is left alone") {
  Rig rig(rerunning());
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  REQUIRE(rig.github().cancel_run(run).has_value());
  end_run(rig, run);
  REQUIRE(rig.run_until([&] { return is_stamped(rig, taken.id, "run-not-rerun"); }, Seconds{300}));
  CHECK(reruns(rig) == 0);
}

TEST_CASE("rig: what is interrupted a second time is not run again a second time") {
  RigOptions options = rerunning();
  options.config.machine.on_demand = OnDemand::never;
  Rig rig(options);
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  end_run(rig, run);
  const Lease again = interrupt(rig, run, 2);
  end_run(rig, run);
  REQUIRE(rig.run_until([&] { return is_stamped(rig, again.id, "run-not-rerun"); }, Seconds{300}));
  rig.run_for(Seconds{300});
  CHECK(reruns(rig) == 1);
}

TEST_CASE("rig: when GitHub's answer to the re-run is lost it is not asked for twice") {
  Rig rig(rerunning());
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  rig.upstream().add(lost("/rerun-failed-jobs", 1));
  end_run(rig, run);
  REQUIRE(rig.run_until([&] { return is_stamped(rig, taken.id, "run-rerun"); }, Seconds{300}));
  CHECK(reruns(rig) == 1);
  CHECK(run_at_github(rig, run).attempt == 2);
}

TEST_CASE("rig: who may not re-run is told so, once, and nothing else suffers") {
  Rig rig(rerunning());
  Lease taken;
  const RunId run = interrupted_run(rig, taken);
  rig.upstream().add(answered("/rerun-failed-jobs", 403, k_always));
  end_run(rig, run);
  REQUIRE(rig.run_until([&] { return is_stamped(rig, taken.id, "run-not-rerun"); }, Seconds{300}));
  rig.run_for(Seconds{600});
  CHECK(reruns(rig) == 1);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
}

}  // namespace
}  // namespace mayfly
