#pragma once

// `mayfly simulate`: the whole control plane in virtual time, under faults, with every promise
// checked. This is the program around simulation.h: options, threads, progress, report.

#include <cstdint>
#include <optional>
#include <string>

namespace mayfly::lab::sim {

struct SimulateOptions {
  std::string scenario = "all";  // all: the seed says which
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> runs = {};  // none: 20, or no end where something else says one
  std::optional<double> years = {};
  std::optional<double> minutes = {};
  std::optional<std::uint64_t> requests = {};
  std::optional<std::string> faults = {};  // instead of what the seed draws
  std::string replay = {};                 // file of seeds
  int jobs = 0;                            // threads; 0: one for each processor
  int failures_max = 5;
  int shrink_tries = 300;
  int stride = 1;        // of crash points
  int pairs_max = 2000;  // crash points during recovery, of each scenario
  bool once = false;     // without the repetition
  bool trace = false;
  bool crash_points = false;
  bool list = false;
  bool json = false;
  bool hashes = false;  // one line for each history instead of the report
  bool needs_situations = false;
  bool verbose = false;
};

// 0: every promise held; 1: one was broken, a history differed when repeated, or a situation that
// was needed was not reached; 2: it could not be played, or was stopped before its end.
[[nodiscard]] int run_simulate(const SimulateOptions& options);

}  // namespace mayfly::lab::sim
