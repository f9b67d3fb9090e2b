#include "lab/sim/simulation.h"

#include "lab/sim/aim.h"
#include "lab/sim/callers.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

// Promised: within so long after everything works again, everything is as it should be.
constexpr Millis k_heal_bound{120'000};
// Jobs longer than the lifetime, their stop jobs and GitHub's own clean-up are over by then.
constexpr Millis k_end_bound = std::chrono::hours{30};

FaultSpec make_plan(const Scenario& scenario, const SimPlan& plan) {
  SeededEntropy entropy(plan.seed * 7919 + 37);
  Swarm swarm = draw_swarm(scenario.swarm, entropy);
  const std::uint64_t seed = plan.seed * 7919 + 41;
  return {plan.exactly, std::move(swarm), seed};
}

void begin(SimWorld& world, bool& has_begun_all) {
  add_bystanders(world);
  for (const auto& server : world.servers) server->start();
  if (world.scenario.has_enforcer)
    world.fibers.spawn(k_world, [&world] { enforce_forever(world); });
  world.fibers.spawn(k_world, [&world, &has_begun_all] {
    begin_runs(world);
    has_begun_all = true;
  });
  world.fibers.spawn(k_world, [&world] { annoy_forever(world); });
  follow_reruns(world);
  follow_redeliveries(world);
  if (world.scenario.lying != 0) world.fibers.spawn(k_world, [&world] { replay_forever(world); });
  if (world.scenario.is_aimed) world.fibers.spawn(k_world, [&world] { meddle_forever(world); });
  world.fibers.spawn(k_world, [&world] { trouble_forever(world); });
  if (world.scenario.drought != Drought::none)
    world.fibers.spawn(k_world, [&world] { dry_forever(world); });
  if (world.scenario.servers_never_return) {
    world.fibers.spawn(k_world, [&world] {
      const std::uint64_t span = 3'600'000;
      world.fibers.sleep_for(Millis(static_cast<std::int64_t>(world.entropy.below(span))));
      for (const auto& server : world.servers) server->kill(std::nullopt);
    });
  }
}

void play(SimWorld& world) {
  bool has_begun_all = false;
  begin(world, has_begun_all);
  const SteadyTime horizon = world.clock.steady() + world.scenario.horizon;
  world.run_until(horizon, [&] { return has_begun_all; });
  // While the last stories are still going on, so that there is something to put right.
  world.run_until(world.clock.steady() +
                  Millis(static_cast<std::int64_t>(world.entropy.below(1'800'000))));
  if (world.is_stopped()) return;
  world.heal();
  world.run_until(world.clock.steady() + k_heal_bound);
  if (world.is_stopped()) return;
  world.for_each_law([&](Law& law) { law.healed(world); });
  world.run_until(world.clock.steady() + k_end_bound, [&] { return world.is_quiet(); });
  if (world.is_stopped()) return;
  world.look();
  world.for_each_law([&](Law& law) { law.ended(world); });
}

void collect_laws(SimWorld& world, SimResult& result) {
  world.for_each_law([&](const Law& law) {
    if (dynamic_cast<const Scout*>(&law) != nullptr) return;
    result.checks += law.checks();
    result.checks_by_law[std::string(law.name())] += law.checks();
    for (const Violation& violation : law.violations()) result.violations.push_back(violation);
  });
}

SimResult collect(SimWorld& world, SteadyTime began) {
  SimResult result;
  collect_laws(world, result);
  result.is_cut = world.is_stopped();
  result.hash = world.trace.hash();
  result.simulated = world.clock.steady() - began;
  result.counts = world.counts;
  result.injected = world.faults.injected();
  for (const Injection& one : result.injected)
    ++result.faults_by_kind[std::string(to_string(one.kind))];
  result.situations = world.situations;
  if (const auto audit = world.ledger().audit()) {
    result.leases = static_cast<std::uint64_t>(audit->leases);
    result.launched = static_cast<std::uint64_t>(audit->launched);
    result.spent = audit->spent;
  }
  result.boundaries = world.faults.boundaries();
  for (int life = 1; life <= world.lives; ++life)
    result.boundaries_by_life[life] = world.faults.boundaries_of_life(life);
  return result;
}

}  // namespace

SimResult simulate(const SimPlan& plan) {
  const auto scenario = find_scenario(plan.scenario);
  MAYFLY_CHECK(scenario.has_value());
  SimWorld world(*scenario, plan.seed, make_plan(*scenario, plan));
  world.trace.on_line = plan.on_line;
  world.stop = plan.stop;
  const SteadyTime began = world.clock.steady();
  play(world);
  return collect(world, began);
}

}  // namespace mayfly::lab::sim
