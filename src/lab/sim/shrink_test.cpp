#include "lab/sim/shrink.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace mayfly::lab::sim {
namespace {

Injection fault(int n) { return {"CreateFleet", n, FaultKind::lose_reply, Millis{0}}; }

std::vector<Injection> faults(int count) {
  std::vector<Injection> all;
  for (int n = 1; n <= count; ++n) all.push_back(fault(n));
  return all;
}

bool has(const SimPlan& plan, int n) {
  return std::find(plan.exactly->begin(), plan.exactly->end(), fault(n)) != plan.exactly->end();
}

SimResult broken(const std::string& law) {
  SimResult result;
  result.violations.push_back({law, "so it was", WallTime{}});
  return result;
}

SimResult failed_with(int count) {
  SimResult result = broken("law");
  result.injected = faults(count);
  return result;
}

const SimPlan k_plan{.scenario = "mixed", .seed = 7};

TEST_CASE("a failure of two faults among many shrinks to these two") {
  const Simulate needs_two = [](const SimPlan& plan) {
    return has(plan, 17) && has(plan, 60) ? broken("law") : SimResult{};
  };
  const Shrunk shrunk = shrink_with(needs_two, k_plan, failed_with(100), 1000);
  CHECK(shrunk.is_replayed);
  CHECK(shrunk.faults == std::vector<Injection>{fault(17), fault(60)});
}

TEST_CASE("a failure that needs no fault shrinks to none, in two tries") {
  const Simulate always = [](const SimPlan&) { return broken("law"); };
  const Shrunk shrunk = shrink_with(always, k_plan, failed_with(50), 1000);
  CHECK(shrunk.faults.empty());
  CHECK(shrunk.is_replayed);
  CHECK(shrunk.tries == 2);
}

TEST_CASE("a list that does not play the failure again is said to, and left whole") {
  const Simulate never = [](const SimPlan&) { return SimResult{}; };
  const Shrunk shrunk = shrink_with(never, k_plan, failed_with(9), 1000);
  CHECK_FALSE(shrunk.is_replayed);
  CHECK(shrunk.faults == faults(9));
  CHECK(shrunk.tries == 1);
}

TEST_CASE("a list that breaks another law first does not count") {
  const Simulate other_without_3 = [](const SimPlan& plan) {
    return broken(has(plan, 3) ? "law" : "another");
  };
  const Shrunk shrunk = shrink_with(other_without_3, k_plan, failed_with(12), 1000);
  CHECK(shrunk.faults == std::vector<Injection>{fault(3)});
}

TEST_CASE("shrinking takes no more tries than it may, and keeps the shortest failing list") {
  int played = 0;
  const Simulate needs_two = [&](const SimPlan& plan) {
    ++played;
    return has(plan, 1) && has(plan, 100) ? broken("law") : SimResult{};
  };
  const Shrunk shrunk = shrink_with(needs_two, k_plan, failed_with(100), 10);
  CHECK(played == 10);
  CHECK(shrunk.tries == 10);
  CHECK(shrunk.faults.size() < 100);
  CHECK(has({.scenario = {}, .seed = 1, .exactly = shrunk.faults}, 1));
  CHECK(has({.scenario = {}, .seed = 1, .exactly = shrunk.faults}, 100));
}

TEST_CASE("a replayed list is shrunk from what was asked, not from what happened") {
  SimPlan plan = k_plan;
  plan.exactly = faults(4);
  const Simulate needs_2 = [](const SimPlan& tried) {
    return has(tried, 2) ? broken("law") : SimResult{};
  };
  CHECK(shrink_with(needs_2, plan, broken("law"), 100).faults == std::vector<Injection>{fault(2)});
}

TEST_CASE("the command that plays it again survives a shell") {
  CHECK(command_for(k_plan) == "mayfly simulate --scenario mixed --seed 7 --runs 1");
  CHECK(command_for(k_plan, {}) == "mayfly simulate --scenario mixed --seed 7 --faults none");
  CHECK(
      command_for(k_plan, {fault(3), {"GET /orgs/o/actions/runners", 0, FaultKind::refuse, {}}}) ==
      "mayfly simulate --scenario mixed --seed 7 --faults "
      "'CreateFleet#3=lose-reply;GET /orgs/o/actions/runners#0=refuse'");
  CHECK(shell_quoted("it's $HOME") == "'it'\\''s $HOME'");
}

}  // namespace
}  // namespace mayfly::lab::sim
