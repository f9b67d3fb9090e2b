// Labels that jobs of any run may name.

#include <doctest/doctest.h>

#include "lease/places.h"
#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

const RunnerLabels k_ours;
const std::string k_name = "mayfly-42-x86_64-shared";

RunFacts run_42() {
  RunFacts run;
  run.id = 42;
  run.live = true;
  run.repository = RepositoryName{"rr-debugger/rr"};
  return run;
}

JobFacts queued(std::vector<std::string> labels) { return {std::move(labels), false, "", true}; }

Lease shared(LeaseState state) {
  Lease lease = lease_in(state);
  lease.source = Source::shared;
  lease.label = k_name;
  lease.labels = k_ours.of_shared_runner(k_name, Architecture::x86_64);
  return lease;
}

TEST_CASE(
    "shared: one place for all the labels of an architecture, and a lease for each queued job") {
  const auto place = shared_place(k_ours, "mayfly", run_42(), {});
  REQUIRE(place);
  CHECK(place->label == k_name);
  CHECK_FALSE(shared_place(k_ours, "mayfly-42-x86_64", run_42(), {}));
  const std::vector<JobFacts> jobs = {queued({"mayfly"}), queued({"mayfly-x86_64", "arch_x86_64"}),
                                      queued({"mayfly", "gpu"}), queued({"mayfly-arm64"})};
  CHECK(lacking(k_ours, *place, run_42(), jobs, {}) == 2);
  CHECK(lacking(k_ours, *place, run_42(), jobs, {shared(booting)}) == 1);
}

TEST_CASE("shared: where the deployment has a profile its labels are all that it serves") {
  const RunnerLabels pmu("pmu");
  const auto place = shared_place(pmu, "mayfly-pmu", run_42(), {});
  REQUIRE(place);
  CHECK(place->label == "mayfly-pmu-42-x86_64-shared");
  CHECK(lacking(pmu, *place, run_42(), {queued({"mayfly-pmu"}), queued({"mayfly"})}, {}) == 1);
  CHECK_FALSE(shared_place(pmu, "mayfly", run_42(), {}));
  CHECK_FALSE(derived_place(pmu, "mayfly-42-x86_64", run_42(), {}));
}

TEST_CASE("shared: what was given to another run is no lease of the run any more") {
  const auto place = shared_place(k_ours, "mayfly", run_42(), {});
  Lease given = shared(busy);
  given.run_id = 43;
  given.job_seen = true;
  CHECK(lacking(k_ours, *place, run_42(), {queued({"mayfly"})}, {given}) == 1);
}

TEST_CASE("shared: a shared lease is another than the one that an ask for the run would have") {
  LeaseKey key{RepositoryName{"a/b"}, Architecture::x86_64, "", 42, 1, 0};
  const LeaseId asked = lease_id_for("test", key);
  key.source = Source::shared;
  CHECK(lease_id_for("test", key) != asked);
}

TEST_CASE("shared: a run that is over ends no machine before GitHub agreed that it is idle") {
  for (const LeaseState state : {claimed, online}) {
    LeaseFacts facts = facts_as_expected(shared(state));
    facts.run = RunSeen::over;
    const Decision decision = decide(shared(state), facts, k_start + Seconds{10}, k_policy);
    CHECK(decision.next.state == state);
    CHECK(decision.next.release_asked);
    CHECK(has_act(decision, Act::retire_if_idle));
    CHECK_FALSE(has_act(decision, Act::terminate));
  }
  LeaseFacts facts = facts_as_expected(shared(booting));
  facts.run = RunSeen::over;
  CHECK(decide(shared(booting), facts, k_start, k_policy).next.state == ending);
}

TEST_CASE(
    "shared: of a run that is over GitHub is asked to let go of the runner once, also if late") {
  Lease lease = shared(claimed);
  lease.release_asked = true;
  LeaseFacts facts = facts_as_expected(lease);
  facts.run = RunSeen::over;
  facts.runner = RunnerSeen::offline;
  const Decision decision =
      decide(lease, facts, lease.launch.intended_at + k_policy.boot_timeout * 2, k_policy);
  CHECK(has_act(decision, Act::retire_if_idle));
  CHECK_FALSE(has_act(decision, Act::retire_if_late));
  CHECK(decision.next.release_asked);
}

TEST_CASE("shared: a runner that is busy with nobody's job is not waited for without end") {
  Lease lease = shared(busy);
  lease.job_seen = true;
  LeaseFacts facts = facts_as_expected(lease);
  facts.run = RunSeen::over;
  facts.job = JobSeen::none;
  CHECK(decide(lease, facts, k_start + Seconds{60}, k_policy).next.state == busy);
  CHECK(decide(lease, facts, k_start + Seconds{121}, k_policy).next.state == ending);
  lease.job_confirmed = true;
  CHECK(decide(lease, facts, k_start + Seconds{60}, k_policy).next.state == ending);
}

}  // namespace
}  // namespace mayfly
