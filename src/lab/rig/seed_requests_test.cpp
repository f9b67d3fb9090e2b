// The seed's faults in how it took requests, each as the law that holds instead.
// Source: reliability.md 3.3, peers.md 0.

#include "lab/rig/testing.h"
#include "service/boot/boot_script.h"

namespace mayfly {
namespace {

using namespace lab;

// seed: re.match looked at the label's beginning only; the rest went into a root shell script.
TEST_CASE("rig: a label that only begins well is refused before anybody is asked anything") {
  Rig rig;
  begin_run(rig, {k_label, k_label});
  const std::string bad[] = {"rr_runner_a\ntouch /tmp/x",
                             "rr_runner_a\n",
                             "rr_runner_$(id)",
                             "rr_runner_`id`",
                             "rr_runner_a; id",
                             "rr_runner_a #",
                             "rr_runner_a --url https://github.com/evil/x",
                             "rr_runner_a,self-hosted,prod",
                             "rr_runner_a ",
                             " rr_runner_a",
                             "rr_runner_*",
                             "rr_runner_",
                             "rr_runner_\xc3\xa9",
                             "RR_RUNNER_a",
                             "rr_runner_" + std::string(200, 'a')};
  for (const std::string& label : bad) {
    CAPTURE(label);
    for (const json::object& body : {seed_create(label), seed_create_2024(label, "arm64"),
                                     seed_destroy(label), seed_destroy_2024({k_label, label})}) {
      const HttpResponse answer = rig.post("/", body);
      CHECK(answer.status == 400);
      CHECK(code_of(answer) == "bad-label");
    }
  }
  CHECK(rig.upstream().journal().empty());
  CHECK(leases(rig).empty());
}

// seed: destroy put the label into a tag filter, in which EC2 takes * for anything.
TEST_CASE("rig: a wildcard in destroy ends nothing") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  rig.run_for(Seconds{60});
  for (const char* label : {"rr_runner_*", "rr_runner_?123456789abcdef0123456789abcdef", "*"})
    CHECK(rig.post("/", seed_destroy(label)).status == 400);
  rig.run_for(Seconds{60});
  CHECK(live_count(rig) == 2);
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "(in progress)");
}

// seed: a registration token for the whole organisation stood in each machine's user data, beside
// the caller's label.
TEST_CASE("rig: no registration token is ever made, and user data is the same constant for all") {
  Rig rig;
  begin_and_create(rig, k_label);
  begin_and_create(rig, k_other_label);
  rig.run_for(Seconds{120});
  const auto machines = rig.aws().instances();
  REQUIRE(machines.size() == 4);
  for (const FakeInstance& machine : machines) {
    CHECK(machine.spec.user_data == boot_script());
    CHECK(machine.spec.key_name.empty());
  }
  CHECK(rig.upstream().count("registration-token") == 0);
  CHECK(rig.upstream().count("generate-jitconfig") == 4);
}

// seed: took Images[0] of a list that has no order, and of its first page.
TEST_CASE("rig: the newest image is booted, wherever it stands in EC2's list") {
  RigOptions options = rr_options();
  options.aws.empty_pages = true;
  Rig rig(options);
  begin_and_create(rig, k_label);
  const auto image_of = [&](Architecture architecture) {
    return machines_of(rig, lease_of(rig, k_label, architecture)).at(0).spec.image_id;
  };
  CHECK(image_of(Architecture::x86_64) == "ami-0f3c0000000000002");
  CHECK(image_of(Architecture::arm64) == "ami-0c110000000000003");
}

// seed: the code below "except botocore…" named a module it had not imported: no on-demand, ever.
TEST_CASE("rig: when spot has no capacity the machines are on-demand") {
  RigOptions options = rr_options();
  for (const std::string& subnet : options.config.aws.subnet_ids)
    for (const char* type : {"c5.9xlarge", "c6g.8xlarge"})
      options.aws.capacity[{type, subnet, aws::Market::spot}] = 0;
  Rig rig(options);
  const RunId run = begin_and_create(rig, k_label);
  const auto machines = rig.aws().instances();
  REQUIRE(machines.size() == 2);
  for (const FakeInstance& machine : machines) CHECK(machine.market == aws::Market::on_demand);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{600}));
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{600}));
  check_settled(rig);
}

// seed: held the caller's connection until the instance ran.
TEST_CASE("rig: create answers without waiting for a machine, after two calls at most") {
  Rig rig;
  const RunId warm_up = start_v1_run(rig.github());
  REQUIRE(rig.post("/v1/leases", v1_ask(warm_up)).status == 201);

  const RunId run = start_v1_run(rig.github());
  json::object one = v1_ask(run);
  one["runners"].as_array().pop_back();
  const std::size_t calls = rig.upstream().journal().size();
  const SteadyTime before = rig.clock().steady();
  CHECK(rig.post("/v1/leases", one).status == 201);
  CHECK(rig.clock().steady() == before);
  CHECK(rig.upstream().journal().size() - calls <= 2);
}

TEST_CASE("rig: create answers within its bound although EC2 hangs") {
  Rig rig;
  const RunId run = start_v1_run(rig.github());
  json::object one = v1_ask(run);
  one["runners"].as_array().pop_back();
  rig.upstream().add({.kind = FaultKind::delay,
                      .concerns = calls_named("CreateFleet"),
                      .count = k_always,
                      .delay = Seconds{600}});
  const SteadyTime before = rig.clock().steady();
  CHECK(rig.post("/v1/leases", one).status == 201);
  CHECK(rig.clock().steady() - before <= Seconds{10});
  rig.upstream().clear();
  rig.run_for(Seconds{60});
  CHECK(rig.aws().instances().size() == 1);
  CHECK(leases(rig).at(0).state == LeaseState::online);
}

// seed: no client token, so an answer that was lost meant a machine that nobody knew.
TEST_CASE("rig: a lost CreateFleet answer starts no second machine") {
  const auto play = [](const Fault& fault, Millis visible_after = Millis{0}) {
    RigOptions options = rr_options();
    options.aws.visible_after = visible_after;
    Rig rig(options);
    rig.upstream().add(fault);
    const RunId run = begin_and_create(rig, k_label);
    rig.run_for(Seconds{20});
    rig.upstream().clear();
    CHECK(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
    CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
    CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
    CHECK(rig.aws().instances().size() == 2);
    stop_run(rig, run, seed_destroy(k_label));
    CHECK(rig.run_until_quiet(Seconds{600}));
    check_settled(rig);
  };
  SUBCASE("once: the request repeats it") { play(lost("CreateFleet")); }
  SUBCASE("always: the sweep finds the machines by their tags") {
    play(lost("CreateFleet", k_always));
  }
  SUBCASE("always, and EC2's list lags: the same client token finds them") {
    play(lost("CreateFleet", k_always), Seconds{60});
  }
  SUBCASE("never sent: the sweep sends the same bytes again") {
    play(refused("CreateFleet", k_always));
  }
  SUBCASE("a server error of unknown meaning") { play(answered("CreateFleet", 500, k_always)); }
}

}  // namespace
}  // namespace mayfly
