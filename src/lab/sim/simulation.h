#pragma once

// One simulation from its beginning to its verdict, and many of them: each seed is played twice and
// has to give the same history, a failing one is shrunk to the few faults that matter. Pure
// computation: no clock, file or thread; simulate.h adds the program around it.

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/sim/law.h"
#include "lab/sim/scenario.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {

struct SimPlan {
  std::string scenario = "mixed";
  std::uint64_t seed = 1;
  std::optional<std::vector<Injection>> exactly = {};  // instead of what the seed draws
  std::function<void(const std::string&)> on_line = {};
  // Once it is true the simulation ends where it is. From any thread.
  const std::atomic<bool>* stop = nullptr;
};

struct SimResult {
  std::vector<Violation> violations;
  bool is_cut = false;  // it was stopped: what it would have found later is not known
  std::uint64_t hash = 0;
  Millis simulated{0};
  Counts counts;
  std::uint64_t checks = 0;
  std::map<std::string, std::uint64_t> checks_by_law;
  std::map<std::string, std::uint64_t> faults_by_kind;
  std::vector<Injection> injected;
  Situations situations;
  std::uint64_t leases = 0, launched = 0;
  int boundaries = 0;
  std::map<int, int> boundaries_by_life;
  Money spent;
};

[[nodiscard]] SimResult simulate(const SimPlan& plan);

// The fewest faults that still break the same law, by delta debugging: at most `tries` simulations.
struct Shrunk {
  std::vector<Injection> faults;
  int tries = 0;
  bool is_replayed = true;  // false: the list of its faults does not play the failure again
};
[[nodiscard]] Shrunk shrink(const SimPlan& plan, const SimResult& failed, int tries);

// The command that plays it again.
[[nodiscard]] std::string command_for(const SimPlan& plan, const std::vector<Injection>& faults);

}  // namespace mayfly::lab::sim
