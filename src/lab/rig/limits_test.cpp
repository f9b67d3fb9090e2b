// Limits on ourselves: floods of asks, and a small budget of calls to GitHub.

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

std::string ask_for(RunId run) {
  return R"({"repository":"rr-debugger/rr","run_id":)" + std::to_string(run) +
         R"(,"runners":[{"architecture":"x86_64"}]})";
}

std::string code_of_ask(Rig& rig, RunId run) {
  const auto answer = rig.ask("POST", "/v1/leases", ask_for(run));
  return answer ? code_of(*answer) : "(no answer)";
}

RigOptions with_small_budget() {
  RigOptions options = rr_options();
  options.config.github.calls_per_minute = 60;
  options.config.asks = {.per_minute = 10'000, .per_minute_per_prefix = 10'000};
  return options;
}

TEST_CASE(
    "rig: while strangers use up what asks may cost, a claim goes through and a job is done") {
  Rig rig(with_small_budget());
  const RunId run = begin_and_create(rig, k_label, Seconds{120});
  RunId unknown = 900'000'000;
  int refused = 0;
  const auto flood = [&] {
    for (int i = 0; i < 5; ++i) refused += code_of_ask(rig, ++unknown) == "github-budget" ? 1 : 0;
    rig.run_for(Seconds{1});
    return tests_are_over(rig, run);
  };
  const SteadyTime end = rig.clock().steady() + Seconds{900};
  while (!flood() && rig.clock().steady() < end) continue;
  CHECK(tests_are_over(rig, run));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(refused > 100);
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

TEST_CASE(
    "rig: with the smallest budget ten runs that were cancelled lose their machines in minutes") {
  RigOptions options = with_small_budget();
  options.config.limits.machines = options.config.limits.machines_per_repository = 10;
  options.config.sweep_every = Seconds{1};
  options.machines.job = std::chrono::hours{1};
  Rig rig(options);
  std::vector<RunId> runs;
  for (int i = 0; i < 10; ++i) {
    runs.push_back(begin_run(rig, {k_label, k_label}));
    const auto answer = rig.ask("POST", "/v1/leases", ask_for(runs.back()));
    REQUIRE(answer);
    REQUIRE_MESSAGE(answer->status == 201, answer->body);
    rig.run_for(Seconds{10});
  }
  rig.run_for(Seconds{120});
  CHECK(live_count(rig) == 10);
  for (const RunId run : runs) REQUIRE(rig.github().cancel_run(run).has_value());
  const SteadyTime cancelled = rig.clock().steady();
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{600}));
  MESSAGE("ended after ", (rig.clock().steady() - cancelled).count(), " ms");
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

TEST_CASE("rig: a used-up budget ends nothing: what is not known stays as it is") {
  RigOptions options = endless_jobs();
  options.config.github.calls_per_minute = 60;
  options.config.asks = {.per_minute = 10'000, .per_minute_per_prefix = 10'000};
  Rig rig(options);
  (void)begin_and_create(rig, k_label, std::chrono::hours{5});
  rig.run_for(Seconds{300});
  REQUIRE(live_count(rig) == 2);
  // Doorbells make the sweep come four times as often.
  for (int i = 0; i < 600; ++i) {
    (void)rig.post("/", seed_destroy(k_label));
    (void)rig.sweep();
    rig.run_for(Millis{250});
  }
  CHECK(live_count(rig) == 2);
  CHECK(rig.watch().violations().empty());
}

TEST_CASE("rig: one machine that claims without end leaves the others' claims alone") {
  RigOptions options = rr_options();
  options.config.github.calls_per_minute = 60;
  Rig rig(options);
  const RunId run = begin_run(rig, {k_label, k_label});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  rig.machine_net().add(
      {.kind = FaultKind::refuse, .concerns = calls_named("POST /v1/claims"), .count = k_always});
  finish_hosted(rig.github(), run, "setup");
  rig.run_for(Seconds{60});
  const Lease lease = lease_of(rig, k_label, Architecture::x86_64);
  const auto instance = rig.aws().find(lease.launch.instance_id);
  REQUIRE(instance);
  int made = 0, paced = 0;
  for (int i = 0; i < 200; ++i) {
    const auto answer = rig.ask("POST", "/v1/claims",
                                R"({"lease":")" + lease.id.text + R"(","instance_id":")" +
                                    lease.launch.instance_id.text +
                                    R"(","claim_key":"00112233445566778899aabbccddeeff"})",
                                {{"X-Mayfly-Claim", tag_of(*instance, k_tag_claim)}});
    REQUIRE(answer);
    made += answer->status == 200 ? 1 : 0;
    paced += code_of(*answer) == "claim-not-yet" ? 1 : 0;
  }
  CHECK(made == 6);
  CHECK(paced == 194);
}

}  // namespace
}  // namespace mayfly
