#include "lease/entitlement.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const RepositoryName k_repository{"rr-debugger/rr"};

RunFacts live_run(RunId id) {
  RunFacts run;
  run.id = id;
  run.live = true;
  run.status = "in progress";
  run.repository = k_repository;
  return run;
}

TEST_CASE(
    "entitlement: only a live run of the repository, in its current attempt, may have runners") {
  CHECK(may_have_runners(live_run(1), k_repository, 1).has_value());
  CHECK(may_have_runners(live_run(1), k_repository, 0).has_value());
  CHECK(may_have_runners(live_run(1), RepositoryName{"RR-Debugger/RR"}, 1).has_value());
  CHECK(may_have_runners(live_run(1), k_repository, 2).error().code == Code::run_not_live);
  CHECK(may_have_runners(live_run(1), RepositoryName{"a/b"}, 1).error().code ==
        Code::run_not_found);
  RunFacts done = live_run(1);
  done.live = false;
  done.status = "completed (action_required)";
  const auto refused = may_have_runners(done, k_repository, 1);
  CHECK(refused.error().code == Code::run_not_live);
  CHECK(refused.error().message.find("action_required") != std::string::npos);
}

TEST_CASE("entitlement: a bare label is bound to the newest live run without one") {
  const std::vector<RunFacts> runs = {live_run(3), live_run(9), live_run(5)};
  const std::vector<Architecture> both = {Architecture::x86_64, Architecture::arm64};
  CHECK(bind_label(runs, both, {})->id == 9);
  CHECK(bind_label(runs, both, {{9, Architecture::arm64}})->id == 5);
  CHECK(bind_label(runs, {Architecture::x86_64}, {{9, Architecture::arm64}})->id == 9);
  CHECK_FALSE(bind_label({}, both, {}).has_value());
  RunFacts over = live_run(10);
  over.live = false;
  CHECK_FALSE(bind_label({over}, both, {}).has_value());
}

TEST_CASE(
    "entitlement: a job is for a lease when it names its label and nothing the runner lacks") {
  const Lease lease = lease_in(LeaseState::online);
  const auto demand = [&](std::vector<std::string> labels, bool completed) {
    return demand_for(lease, {{std::move(labels), completed, ""}});
  };
  CHECK(demand({lease.label, "arch_x86_64"}, false) == DemandSeen::open);
  CHECK(demand({lease.label, "ARCH_X86_64"}, false) == DemandSeen::open);
  CHECK(demand({lease.label, "arch_x86_64"}, true) == DemandSeen::served);
  CHECK(demand({lease.label, "arch_arm64"}, false) == DemandSeen::none_yet);
  CHECK(demand({"arch_x86_64"}, false) == DemandSeen::none_yet);
  CHECK(demand({"ubuntu-latest"}, true) == DemandSeen::none_yet);
  CHECK(demand_for(lease, {}) == DemandSeen::none_yet);
}

TEST_CASE("entitlement: the job that names the lease's runner was taken by it") {
  Lease lease = lease_in(LeaseState::online);
  CHECK(job_of(lease, {{{}, true, lease.runner_name}}) == JobSeen::done);
  CHECK(job_of(lease, {{{}, false, lease.runner_name}}) == JobSeen::at_work);
  CHECK(job_of(lease, {{{}, true, "another"}}) == JobSeen::none);
  lease.runner_name.clear();
  CHECK(job_of(lease, {{{}, true, ""}}) == JobSeen::none);
}

}  // namespace
}  // namespace mayfly
