#pragma once

// The sum of many simulations: what the report at the end and the line of progress are made of.
// A plain value; whoever shares one between threads guards it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lab/sim/simulation.h"

namespace mayfly::lab::sim {

// Why a simulation failed, and how to see it again.
struct Failure {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string law;  // the first that was broken, or k_differs
  std::string what;
  WallTime at{};
  std::uint64_t violations = 0;  // in all
  std::string command;
  std::vector<Injection> shrunk;
  std::string shrunk_command = {};  // empty: it was not shrunk
  int tries = 0;                    // simulations that shrinking took
  bool is_replayed = true;          // by the list of its faults
};
inline constexpr const char* k_differs = "history differs when repeated";

struct Totals {
  std::uint64_t runs = 0;      // simulations, without their repetition
  std::uint64_t repeated = 0;  // of these, played twice
  std::uint64_t leases = 0, launched = 0, checks = 0;
  std::uint64_t failed = 0;  // runs
  Counts counts;
  std::map<std::string, std::uint64_t> runs_by_scenario;
  std::map<std::string, std::uint64_t> checks_by_law;
  std::map<std::string, std::uint64_t> faults_by_kind;
  Situations situations;
  Money spent;
  Millis simulated{0};         // each run once
  Millis simulated_in_all{0};  // with repetitions
  Millis busy{0};              // real time of the threads inside simulations
  std::vector<Failure> failures;

  void add(const std::string& scenario, const SimResult& result);
  [[nodiscard]] std::uint64_t faults() const;  // of every kind
  // Of one thread.
  [[nodiscard]] double years_per_minute() const;
};

[[nodiscard]] double years(Millis d);  // Julian ones, of 365.25 days
[[nodiscard]] Millis from_years(double years);

}  // namespace mayfly::lab::sim
