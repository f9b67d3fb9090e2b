// Lives in which a machine, EC2 or GitHub goes wrong.

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

bool are_testing(Rig& rig, RunId run) {
  return conclusion_of(rig.github(), run, "test-x86_64") == "(in progress)" &&
         conclusion_of(rig.github(), run, "test-arm64") == "(in progress)";
}

void close_run(Rig& rig, RunId run, Millis limit = Seconds{900}) {
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(limit));
  check_settled(rig);
}

TEST_CASE("rig: a machine that never boots is replaced, boots_max machines in all") {
  RigOptions options = rr_options();
  options.machines = all_behave(Behaviour::dead);
  options.aws.terminated_visible = std::chrono::hours{24};
  Rig rig(options);
  // The old machine must really be gone before the next one starts, not only told to go.
  rig.upstream().add(refused("TerminateInstances", 4));
  const RunId run = begin_and_create(rig, k_label);
  CHECK(rig.run_until([&] { return all_in(rig, LeaseState::gone); }, std::chrono::hours{2}));
  for (const Lease& lease : leases(rig)) {
    CHECK(lease.outcome == Outcome::boot_failed);
    CHECK(lease.launch.boots == options.config.machine.boots_max);
    CHECK(machines_of(rig, lease).size() ==
          static_cast<std::size_t>(options.config.machine.boots_max));
  }
  REQUIRE(rig.github().cancel_run(run).has_value());
  close_run(rig, run);
}

TEST_CASE("rig: a machine that EC2 fails to start is replaced and the job runs") {
  RigOptions options = rr_options();
  options.aws.doomed_launches = 2;
  Rig rig(options);
  const RunId run = begin_and_create(rig, k_label, Seconds{60});
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(rig.github().jobs(run).at(1).conclusion == "success");
  CHECK(rig.aws().instances().size() == 4);
  close_run(rig, run);
}

TEST_CASE("rig: a spot machine taken back before its job is replaced") {
  Rig rig;
  const RunId run = begin_run(rig, {k_label, k_label}, Seconds{60});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  Millis when{0};
  SUBCASE("while it boots") { when = Seconds{10}; }
  SUBCASE("while it waits for its job") { when = Seconds{60}; }
  rig.run_for(when);
  const Lease lease = lease_of(rig, k_label, Architecture::x86_64);
  REQUIRE(rig.aws().interrupt(lease.launch.instance_id, false));
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(machines_of(rig, lease).size() == 2);
  close_run(rig, run);
}

TEST_CASE("rig: a runner whose hook refused another run's job is replaced, and its own job runs") {
  RigOptions options = rr_options();
  SUBCASE("before GitHub listed it as busy") { options.machines.hook = Millis{0}; }
  SUBCASE("after GitHub listed it as busy") { options.machines.hook = Seconds{30}; }
  Rig rig(options);
  const RunId run = start_v1_run(rig.github(), Seconds{60});
  begin_hosted(rig.github(), run, "setup");
  REQUIRE(rig.post("/v1/leases?wait=online&timeout=120", v1_ask(run)).status == 201);
  const Lease wanted = leases(rig).front();
  RunSpec spec;
  spec.repository = wanted.repository;
  spec.head_repository = "stranger/rr";
  spec.jobs.push_back({.name = "thief", .labels = wanted.labels});
  const RunId thief = rig.github().start_run(std::move(spec));
  REQUIRE(rig.run_until([&] { return conclusion_of(rig.github(), thief, "thief") == "failure"; },
                        Seconds{60}));
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
  CHECK(machines_of(rig, wanted).size() == 2);
  begin_hosted(rig.github(), run, "stop");
  finish_hosted(rig.github(), run, "stop");
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

TEST_CASE("rig: a spot machine taken back during its job ends the lease as interrupted") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  REQUIRE(rig.run_until([&] { return are_testing(rig, run); }, Seconds{120}));
  rig.run_for(Seconds{10});
  const Lease lease = lease_of(rig, k_label, Architecture::x86_64);
  REQUIRE(rig.aws().interrupt(lease.launch.instance_id, false));
  rig.run_for(Seconds{15});
  CHECK(lease_of(rig, k_label, Architecture::x86_64).outcome == Outcome::interrupted);
  CHECK(machines_of(rig, lease).size() == 1);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "failure");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
  close_run(rig, run);
}

TEST_CASE("rig: a runner left by a machine that died is removed although its successors fail") {
  int booted = 0;
  RigOptions options = rr_options();
  options.machines.behaviour = [&](const Machine&) {
    return ++booted > 2 ? Behaviour::dead : Behaviour::honest;
  };
  Rig rig(options);
  const RunId run = begin_run(rig, {k_label, k_label});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  REQUIRE(rig.run_until([&] { return all_in(rig, LeaseState::online); }, Seconds{120}));
  rig.upstream().add(refused("DELETE ", k_always));  // GitHub fails just then
  for (const Lease& lease : leases(rig))
    REQUIRE(rig.aws().interrupt(lease.launch.instance_id, false));
  rig.run_for(Seconds{120});
  rig.upstream().clear();
  REQUIRE(rig.run_until([&] { return all_in(rig, LeaseState::gone); }, std::chrono::hours{1}));
  CHECK(rig.github().runners().empty());
  REQUIRE(rig.github().cancel_run(run).has_value());
  close_run(rig, run);
}

TEST_CASE("rig: with GitHub down for good after the claim, the machines still end in time") {
  Rig rig(endless_jobs());
  const RunId run = begin_and_create(rig, k_label);
  REQUIRE(rig.run_until([&] { return are_testing(rig, run); }, Seconds{120}));
  rig.upstream().add({.kind = FaultKind::answer,
                      .concerns = calls_to("https://api.github.com"),
                      .count = k_always,
                      .response = {503, {}, "Unicorn!"}});
  rig.run_for(Seconds{3400});
  CHECK(live_count(rig) == 2);  // the outage itself ends nothing
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{230}));
  rig.upstream().clear();
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  close_run(rig, run);
}

TEST_CASE("rig: while EC2's list fails nothing is ended for it, and nothing is left afterwards") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  rig.upstream().add(answered("DescribeInstances", 500, k_always));
  REQUIRE(rig.run_until([&] { return are_testing(rig, run); }, Seconds{180}));
  rig.run_for(Seconds{200});
  CHECK(live_count(rig) == 2);
  CHECK(rig.upstream().count("TerminateInstances") == 0);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{600}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  rig.run_for(Seconds{300});
  rig.upstream().clear();
  close_run(rig, run);
}

TEST_CASE("rig: with EC2's list failing for good a machine still ends at its deadline") {
  Rig rig(endless_jobs());
  begin_and_create(rig, k_label);
  rig.upstream().add(answered("DescribeInstances", 500, k_always));
  rig.run_for(Seconds{3590});
  CHECK(live_count(rig) == 2);
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{40}));
}

TEST_CASE("rig: a sweep says how far the machine that will not end is past its deadline") {
  Rig rig(endless_jobs());
  begin_and_create(rig, k_label);
  rig.watch().allow_overrun(Seconds{900});
  rig.upstream().add(answered("TerminateInstances", 500, k_always));
  rig.run_for(Seconds{3500});
  CHECK(rig.sweep().value().overdue == Millis{0});
  rig.run_for(Seconds{400});
  const Millis overdue = rig.sweep().value().overdue;
  CHECK(overdue > Seconds{290});
  CHECK(overdue < Seconds{310});
  rig.upstream().clear();
  REQUIRE(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{60}));
  rig.run_for(Seconds{60});
  CHECK(rig.sweep().value().overdue == Millis{0});
}

TEST_CASE("rig: a machine that EC2's list does not show yet is not given up") {
  RigOptions options = rr_options();
  options.aws.visible_after = Seconds{120};
  Rig rig(options);
  const RunId run = begin_and_create(rig, k_label, Seconds{60});
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(rig.aws().instances().size() == 2);
  close_run(rig, run);
}

TEST_CASE("rig: an id that EC2 does not know does not save the others of its batch") {
  Rig rig;
  const RrLabels labels{k_label + "_x", k_label + "_a"};
  const RunId run = begin_run(rig, labels);
  REQUIRE(rig.post("/", seed_create_2024(labels.x86_64, "x86_64")).status == 200);
  rig.aws().configure([](FakeAwsOptions& aws) { aws.visible_after = Seconds{120}; });
  REQUIRE(rig.post("/", seed_create_2024(labels.arm64, "arm64")).status == 200);
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  rig.run_for(Seconds{20});
  const auto live = live_instances(rig.aws());
  REQUIRE(live.size() == 1);
  CHECK(tag_of(live.at(0), k_tag_label) == labels.arm64);
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{120}));
  CHECK(rig.run_until_quiet(Seconds{600}));
  check_settled(rig);
}

void set_capacity(Rig& rig, std::optional<int> machines) {
  rig.aws().configure([&](FakeAwsOptions& aws) {
    aws.capacity.clear();
    if (!machines) return;
    for (const auto& [subnet, zone] : aws.subnets)
      for (const auto& [type, facts] : aws.instance_types)
        for (const aws::Market market : {aws::Market::spot, aws::Market::on_demand})
          aws.capacity[{type, subnet, market}] = *machines;
  });
}

TEST_CASE("rig: in a drought a v1 lease waits for capacity and then boots") {
  Rig rig;
  set_capacity(rig, 0);
  const RunId run = start_v1_run(rig.github(), Seconds{60});
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
  rig.run_for(Seconds{120});
  CHECK(all_in(rig, LeaseState::launching));
  CHECK(rig.aws().instances().empty());
  set_capacity(rig, std::nullopt);
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{600}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(rig.aws().instances().size() == 2);
  finish_hosted(rig.github(), run, "stop");
  CHECK(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: a drought longer than the patience ends a v1 lease with its reason") {
  Rig rig;
  set_capacity(rig, 0);
  const RunId run = start_v1_run(rig.github());
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
  CHECK(rig.run_until([&] { return all_in(rig, LeaseState::gone); }, Seconds{400}));
  for (const Lease& lease : leases(rig)) {
    CHECK(lease.outcome == Outcome::no_capacity);
    CHECK(lease.reason.find("InsufficientInstanceCapacity") != std::string::npos);
  }
  check_settled(rig);
}

TEST_CASE("rig: in a drought a seed ask is told at once, and keeps no lease") {
  Rig rig;
  set_capacity(rig, 0);
  begin_run(rig, {k_label, k_label});
  const HttpResponse answer = rig.post("/", seed_create(k_label));
  CHECK(answer.status == 503);
  CHECK(code_of(answer) == "no-capacity");
  CHECK(answer.headers.find("Retry-After").has_value());
  rig.run_for(Seconds{15});
  CHECK(all_in(rig, LeaseState::gone));
  check_settled(rig);
}

TEST_CASE("rig: a permission that is missing is named to the caller, and the lease ends refused") {
  RigOptions options = rr_options();
  options.aws.denied_actions = {"ec2:CreateFleet"};
  Rig rig(options);
  begin_run(rig, {k_label, k_label});
  const HttpResponse answer = rig.post("/", seed_create(k_label));
  CHECK(answer.status == 502);
  CHECK(answer.body.find("aws-denied") != std::string::npos);
  CHECK(answer.body.find("CreateFleet") != std::string::npos);
  rig.run_for(Seconds{15});
  CHECK(all_in(rig, LeaseState::gone));
  for (const Lease& lease : leases(rig)) CHECK(lease.outcome == Outcome::refused);
  check_settled(rig);
}

int times_logged(Rig& rig, const std::string& event) {
  const auto& lines = rig.log().lines();
  return static_cast<int>(
      std::count_if(lines.begin(), lines.end(),
                    [&](const CapturingLog::Line& line) { return line.event == event; }));
}

TEST_CASE("rig: launches that are refused in a row pause, say why and until when, and go on") {
  RigOptions options = rr_options();
  options.aws.denied_actions = {"ec2:CreateFleet"};
  options.config.limits.launch_failures_max = 2;
  Rig rig(options);
  begin_run(rig, {k_label, k_label});
  CHECK(rig.post("/", seed_create(k_label)).status == 502);
  begin_run(rig, {k_other_label, k_other_label});
  const HttpResponse answer = rig.post("/", seed_create(k_other_label));
  CHECK(answer.status == 503);
  CHECK(code_of(answer) == "launches-paused");
  CHECK(answer.body.find("aws-denied") != std::string::npos);
  CHECK(answer.headers.find("Retry-After") == "900");
  CHECK(leases(rig).size() == 2);
  rig.run_for(Seconds{60});
  CHECK(times_logged(rig, "launch-breaker-opened") == 1);
  rig.run_for(Seconds{850});
  CHECK(times_logged(rig, "launch-breaker-closed") == 1);
  CHECK(code_of(rig.post("/", seed_create(k_other_label))) == "aws-denied");  // it was tried
  rig.run_for(Seconds{30});
  CHECK(times_logged(rig, "launch-breaker-opened") == 2);
  check_settled(rig);
}

TEST_CASE("rig: while launches pause dead machines end, and their leases wait with a reason") {
  RigOptions options = rr_options();
  options.machines = all_behave(Behaviour::dead);
  options.config.limits.launch_failures_max = 2;
  options.config.limits.launch_pause = std::chrono::minutes{20};
  options.aws.terminated_visible = std::chrono::hours{24};
  Rig rig(options);
  const RunId run = begin_and_create(rig, k_label);
  rig.run_for(std::chrono::minutes{12});  // the boot timeout is ten
  CHECK(live_count(rig) == 0);
  CHECK(rig.aws().instances().size() == 2);
  for (const Lease& lease : leases(rig)) {
    CHECK(lease.state == LeaseState::launching);
    CHECK(lease.reason.starts_with("launches-paused: "));
    CHECK(lease.reason.find("boot-failed") != std::string::npos);
  }
  rig.run_for(std::chrono::minutes{17});
  CHECK(rig.aws().instances().size() == 2);
  rig.run_for(std::chrono::minutes{4});
  CHECK(rig.aws().instances().size() == 4);
  rig.run_for(std::chrono::minutes{30});  // the second pause ends after the deadline
  CHECK(rig.aws().instances().size() == 4);
  for (const Lease& lease : leases(rig)) {
    CHECK(lease.outcome == Outcome::deadline);
    const auto events = rig.ledger().events(lease.id).value();
    CHECK(std::count_if(events.begin(), events.end(),
                        [](const LeaseEvent& event) { return event.name == "launch-waits"; }) == 2);
  }
  REQUIRE(rig.github().cancel_run(run).has_value());
  close_run(rig, run);
}

TEST_CASE("rig: a replacement waits for the hour to have room") {
  RigOptions options = rr_options();
  options.aws.doomed_launches = 1;
  options.config.limits.launches_per_hour = 2;
  options.config.machine.lifetime = std::chrono::hours{3};
  Rig rig(options);
  const RunId run = begin_and_create(rig, k_label, Seconds{60});
  rig.run_for(std::chrono::minutes{50});
  CHECK(rig.aws().instances().size() <= 2);
  const auto all = leases(rig);
  CHECK(std::count_if(all.begin(), all.end(), [](const Lease& lease) {
          return lease.reason.starts_with("limit-launches: ");
        }) == 1);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
  close_run(rig, run);
}

}  // namespace
}  // namespace mayfly
