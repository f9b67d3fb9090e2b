// Runners of one run that are alike are launched with one call, and each lease gets one machine.

#include <set>

#include "lab/rig/testing.h"
#include "lease/label.h"

namespace mayfly::lab {
namespace {

constexpr int k_jobs = 6;

std::string name_of(int n) { return "test-" + std::to_string(n); }

// A matrix of jobs, each with the derived label of one runner.
RunSpec matrix(RunId run) {
  RunSpec spec;
  spec.repository = {"rr-debugger/rr"};
  spec.head_repository = "contributor/rr";
  spec.jobs = {{.name = "setup", .labels = {"ubuntu-latest"}, .hosted = true}};
  for (int n = 0; n < k_jobs; ++n)
    spec.jobs.push_back(
        {.name = name_of(n),
         .labels = {RunnerLabels().derived(run, n, Architecture::x86_64), "arch_x86_64"},
         .needs = {"setup"},
         .duration = Seconds{60}});
  return spec;
}

// Ids are handed out in order.
RunId begin_matrix(Rig& rig) {
  const RunId before = start_v1_run(rig.github());
  MAYFLY_CHECK(rig.github().cancel_run(before).has_value());
  finish_hosted(rig.github(), before, "stop");
  const RunId run = rig.github().start_run(matrix(before + 1));
  REQUIRE(run == before + 1);
  begin_hosted(rig.github(), run, "setup");
  return run;
}

json::object ask_for(RunId run, int count) {
  return {{"repository", "rr-debugger/rr"},
          {"run_id", run},
          {"runners", json::array{json::object{{"architecture", "x86_64"}, {"count", count}}}}};
}

bool are_over(Rig& rig, RunId run) {
  for (int n = 0; n < k_jobs; ++n)
    if (conclusion_of(rig.github(), run, name_of(n)).starts_with("(")) return false;
  return true;
}

RigOptions roomy() {
  RigOptions options = rr_options();
  options.config.limits.machines = options.config.limits.machines_per_repository = 20;
  options.config.limits.machines_per_run = k_jobs;
  options.config.limits.machines_per_actor = options.config.limits.machines_per_pull_request = 20;
  return options;
}

std::size_t launches(Rig& rig) {
  std::set<std::string> tokens;
  for (const FakeInstance& instance : rig.aws().instances())
    tokens.insert(instance.client_token.text);
  return tokens.size();
}

// To the end of the run: every job has succeeded, every lease had one machine of its own.
void check_served(Rig& rig, RunId run) {
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return are_over(rig, run); }, Seconds{1200}));
  for (int n = 0; n < k_jobs; ++n) CHECK(conclusion_of(rig.github(), run, name_of(n)) == "success");
  std::set<InstanceId> machines;
  for (const Lease& lease : leases(rig)) machines.insert(lease.launch.instance_id);
  CHECK(machines.size() == k_jobs);
  CHECK(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: six runners of a run are one call to EC2, and each lease has one machine") {
  Rig rig(roomy());
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  CHECK(launches(rig) == 1);
  CHECK(rig.aws().instances().size() == k_jobs);
  check_served(rig, run);
  CHECK(rig.aws().instances().size() == k_jobs);
}

TEST_CASE("rig: a batch whose answer is lost is found again, machine by machine") {
  Rig rig(roomy());
  rig.upstream().add(lost("CreateFleet", 3));
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  CHECK(launches(rig) == 1);
  check_served(rig, run);
  for (const Lease& lease : leases(rig)) {
    const auto events = rig.ledger().events(lease.id).value();
    CHECK(std::any_of(events.begin(), events.end(),
                      [](const LeaseEvent& event) { return event.name == "adopted"; }));
  }
  CHECK(rig.aws().instances().size() == k_jobs);
}

TEST_CASE("rig: a service that dies over a batch's launch leaves no lease without its machine") {
  for (const FaultKind kind : {FaultKind::kill_before, FaultKind::kill_after}) {
    Rig rig(roomy());
    rig.upstream().add({.kind = kind, .concerns = calls_named("CreateFleet"), .count = 1});
    const RunId run = begin_matrix(rig);
    (void)rig.post("/v1/leases", ask_for(run, k_jobs));
    check_served(rig, run);
    CHECK(rig.aws().instances().size() == k_jobs);
  }
}

TEST_CASE("rig: who gets no machine of a batch waits for one of its own") {
  Rig rig(roomy());
  rig.aws().configure([](FakeAwsOptions& aws) {
    for (const auto& [type, of_type] : aws.instance_types)
      for (const auto& [subnet, zone] : aws.subnets)
        for (const aws::Market market : {aws::Market::spot, aws::Market::on_demand})
          aws.capacity[{type, subnet, market}] = market == aws::Market::spot ? 2 : 1;
  });
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  CHECK(live_count(rig) == k_jobs);
  CHECK(launches(rig) == 3);
  check_served(rig, run);
}

TEST_CASE("rig: an ask for more runners of the same run launches the further ones alone") {
  Rig rig(roomy());
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, 2)).status == 201);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  CHECK(launches(rig) == 2);
  check_served(rig, run);
  CHECK(rig.aws().instances().size() == k_jobs);
}

TEST_CASE("rig: one of a batch that dies before its claim is replaced, the others go on") {
  Rig rig(roomy());
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  rig.run_for(Seconds{3});
  const InstanceId first = leases(rig).front().launch.instance_id;
  REQUIRE(rig.aws().interrupt(first, false));
  check_served(rig, run);
  CHECK(rig.aws().instances().size() == k_jobs + 1);
  CHECK(launches(rig) == 2);
}

TEST_CASE("rig: a run that is over before its batch is answered leaves no machine") {
  Rig rig(roomy());
  rig.upstream().add(lost("CreateFleet", 3));
  const RunId run = begin_matrix(rig);
  CHECK(rig.post("/v1/leases", ask_for(run, k_jobs)).status == 201);
  REQUIRE(rig.github().cancel_run(run));
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

}  // namespace
}  // namespace mayfly::lab
