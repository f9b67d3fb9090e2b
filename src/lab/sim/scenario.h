#pragma once

// A scenario is what a simulation is about: how much work, which actors, what may go wrong. Each
// seed draws its own figures within it. scenario.cpp has the list, with a sentence for each.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sim/faults.h"

namespace mayfly::lab::sim {

// Whether all pools of an architecture but one have no room, and whether that one changes.
enum class Drought { none, all_but_one, moving };

struct Scenario {
  std::string name;
  std::string text;  // one sentence

  // Work. Ends when either is reached, then everything is healed and awaited.
  int runs_min = 3, runs_max = 12;  // workflow runs begun
  Millis gap_min{60'000};           // between their beginnings, drawn anew for each seed:
  Millis gap_max{3'600'000 * 72};   // a mean between these (log-uniform)
  Millis horizon = std::chrono::hours{24 * 90};

  // Chances in thousandths, per run or machine.
  int cancelled = 150, rerun_all = 80, rerun_failed = 120, stop_never_comes = 100;
  int repeating = 200, crashing = 100, lying = 150;  // callers
  int hostile = 150, dead = 60, slow = 80;           // machines
  int seed_shape = 500;                              // asks as the seed's clients do; else v1
  int matrices = 300;                                // of those by v1, for several runners of each
  int matrix_max = 4;                                // architecture: at most so many
  int flooding = 60;           // strangers' acts that are a flood of asks; 1000: budgets are small
  int awaiting_approval = 60;  // runs of strangers, approved later or never
  int long_jobs = 100;         // up to twice the lifetime of a lease
  int repeats_max = 4;         // requests of a repeating caller

  int servers = 1;
  bool is_on_table = false;  // the ledger is a DynamoDB table; faults befall each call to it
  bool has_enforcer = true;
  int begins_before_month = 0;  // of a thousand seeds, minutes before the first of a month
  bool is_aimed = false;        // what happens by itself happens at the moments of a lease (aim.h)
  std::optional<Millis> lifetime_max = {};  // of a lease, shorter than else
  bool draws_config = true;                 // lifetimes, intervals and limits vary with the seed
  bool web_identity = false;                // credentials that expire after an hour
  bool servers_never_return = false;        // from a drawn moment on, only the enforcer is left
  Millis restart_max{20'000};               // of a killed server; 0: at once
  Drought drought = Drought::none;          // six pools an architecture then, spot and on-demand
  Swarm swarm;                              // what may go wrong, and at most how often
};

[[nodiscard]] const std::vector<Scenario>& scenarios();
[[nodiscard]] std::optional<Scenario> find_scenario(std::string_view name);

}  // namespace mayfly::lab::sim
