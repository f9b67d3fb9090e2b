#include "lab/sim/sim_world.h"

#include <doctest/doctest.h>

#include "lab/rig/watch.h"
#include "lab/sim/callers.h"
#include "lab/sim/simulation.h"
#include "lease/enforce.h"
#include "lease/testing.h"

namespace mayfly::lab::sim {
namespace {

Scenario nobody_there() {
  Scenario scenario = *find_scenario("one-run");
  scenario.has_enforcer = false;
  scenario.servers = 1;  // which no test starts
  return scenario;
}

// The laws that were broken, by name.
std::vector<std::string> broken_laws(SimWorld& world) {
  std::vector<std::string> names;
  world.for_each_law([&](const Law& law) {
    if (!law.violations().empty()) names.emplace_back(law.name());
  });
  return names;
}

bool has(const std::vector<std::string>& names, const std::string& part) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

aws::Tags tags_of(SimWorld& world, const std::string& lease, Millis until_deadline) {
  return {{k_tag_deployment, world.config.deployment},
          {k_tag_lease, lease},
          {k_tag_launch, "1"},
          {k_tag_claim, "00112233445566778899aabbccddeeff"},
          {k_tag_expires_at, std::to_string(epoch_seconds(world.now() + until_deadline))}};
}

}  // namespace

TEST_CASE("sim: one seed is one history, also under all faults") {
  for (const char* name : {"one-run", "mixed", "two-servers"}) {
    CAPTURE(name);
    const SimResult first = simulate({.scenario = name, .seed = 8});
    const SimResult again = simulate({.scenario = name, .seed = 8});
    CHECK(first.hash == again.hash);
    CHECK(simulate({.scenario = name, .seed = 3}).hash != first.hash);
  }
}

TEST_CASE("sim: the list of what was injected plays the same history again") {
  const SimResult drawn = simulate({.scenario = "crashes", .seed = 3});
  REQUIRE_FALSE(drawn.injected.empty());
  const SimResult listed =
      simulate({.scenario = "crashes", .seed = 3, .exactly = drawn.injected, .on_line = {}});
  CHECK(listed.hash == drawn.hash);
}

TEST_CASE("sim: what is stopped ends at once and says that it was cut") {
  const std::atomic<bool> stop = true;
  SimPlan plan;
  plan.scenario = "quiet-years";
  plan.stop = &stop;
  const SimResult result = simulate(plan);
  CHECK(result.is_cut);
  CHECK(result.simulated == Millis{0});
  CHECK(result.violations.empty());
}

TEST_CASE("sim: an undisturbed run does its jobs and leaves nothing") {
  const SimResult result =
      simulate({.scenario = "one-run", .seed = 1, .exactly = std::vector<Injection>{}});
  CHECK(result.violations.empty());
  CHECK(result.counts.jobs_done == 2);
  CHECK(result.launched == 2);
  CHECK(result.injected.empty());
}

TEST_CASE("sim: a machine that nobody ends breaks the law of deadlines, but not early") {
  SimWorld world(nobody_there(), 1, {});
  start_instance(world, tags_of(world, "l-aaaaaaaaaaaaaaaaaaaa", Seconds{60}));
  world.run_until(world.clock.steady() + Seconds{60});
  CHECK_FALSE(has(broken_laws(world), "deadline"));
  for (int i = 0; i < 200; ++i) world.run_until(world.clock.steady() + Seconds{5});
  // Without the second enforcer a dead service excuses nobody for ever: it is excused here.
  CHECK_FALSE(has(broken_laws(world), "deadline"));
}

TEST_CASE("sim: with an enforcer that fails to end it, the same machine breaks the law") {
  Scenario scenario = nobody_there();
  scenario.has_enforcer = true;  // promised, and never started
  SimWorld world(scenario, 1, {});
  start_instance(world, tags_of(world, "l-aaaaaaaaaaaaaaaaaaaa", Seconds{60}));
  for (int i = 0; i < 34; ++i) world.run_until(world.clock.steady() + Seconds{5});
  CHECK_FALSE(has(broken_laws(world), "deadline"));
  for (int i = 0; i < 4; ++i) world.run_until(world.clock.steady() + Seconds{5});
  CHECK(has(broken_laws(world), "deadline"));
}

TEST_CASE("sim: two machines of one lease break a law, two of two leases do not") {
  SimWorld world(nobody_there(), 1, {});
  start_instance(world, tags_of(world, "l-aaaaaaaaaaaaaaaaaaaa", Seconds{600}));
  start_instance(world, tags_of(world, "l-bbbbbbbbbbbbbbbbbbbb", Seconds{600}));
  world.run_until(world.clock.steady() + Seconds{10});
  CHECK_FALSE(has(broken_laws(world), "one live instance"));
  start_instance(world, tags_of(world, "l-bbbbbbbbbbbbbbbbbbbb", Seconds{600}));
  world.run_until(world.clock.steady() + Seconds{20});
  CHECK(has(broken_laws(world), "one live instance"));
}

TEST_CASE("sim: more machines than the cap break a law") {
  SimWorld world(nobody_there(), 1, {});
  for (int i = 0; i <= world.config.limits.machines; ++i) {
    const std::string digits = std::to_string(i);
    const std::string lease = "l-" + std::string(20 - digits.size(), '0') + digits;
    start_instance(world, tags_of(world, lease, Seconds{600}));
    world.run_until(world.clock.steady() + Seconds{1});
  }
  CHECK(has(broken_laws(world), "caps"));
}

TEST_CASE(
    "sim: a lease of a run that the policy refuses breaks a law, of one that it serves none") {
  SimWorld world(nobody_there(), 1, {});
  world.config.repositories.at(0).policy.events = {"push"};
  for (const char* event : {"push", "schedule"}) {
    RunSpec spec;
    spec.repository = {"rr-debugger/rr"};
    spec.jobs.push_back({.name = "test", .labels = {"arch_x86_64"}});
    spec.event = event;
    Lease lease = testing::lease_in(LeaseState::launching);
    lease.run_id = world.github->start_run(std::move(spec));
    lease.id = LeaseId{"l-0000000000" + std::to_string(lease.run_id).substr(1)};
    REQUIRE(world.ledger().reserve({lease}, {}, world.config.limits, world.now()));
    world.note_write();
    world.look();
    CHECK(has(broken_laws(world), "policy") == (event == std::string("schedule")));
  }
}

TEST_CASE("sim: a policy's refusal that the policy does not bear out breaks a law") {
  const auto breaks = [](const char* event) {
    SimWorld world(nobody_there(), 1, {});
    world.config.repositories.at(0).policy.events = {"push"};
    RunSpec spec;
    spec.repository = {"rr-debugger/rr"};
    spec.jobs.push_back({.name = "test", .labels = {"arch_x86_64"}});
    spec.event = event;
    const RunId run = world.github->start_run(std::move(spec));
    const HttpRequest request{"POST", "/", {}, "{}"};
    const HttpResponse refusal{403,
                               {},
                               R"({"code":"event-not-allowed","detail":"the event of run )" +
                                   std::to_string(run) + R"( is \"push\""})"};
    const Result<HttpResponse> answer = refusal;
    world.for_each_law([&](Law& law) {
      if (law.name().find("policy") != std::string_view::npos)
        law.after(world, {Edge::api, "caller", "POST /", request, &refusal, answer});
    });
    return has(broken_laws(world), "policy");
  };
  CHECK(breaks("push"));
  CHECK_FALSE(breaks("schedule"));
}

TEST_CASE("sim: what other people have makes the world no less quiet") {
  SimWorld world(nobody_there(), 1, {});
  CHECK(world.is_quiet());
  add_bystanders(world);
  CHECK(world.is_quiet());
  start_instance(world, tags_of(world, "l-aaaaaaaaaaaaaaaaaaaa", Seconds{600}));
  CHECK_FALSE(world.is_quiet());
}

}  // namespace mayfly::lab::sim
