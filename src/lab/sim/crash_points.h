#pragma once

// Every point at which a process can die, one after the other: for one scenario and seed, without
// other faults, the process is killed at its first I/O boundary, its second, ...; then every life
// of it at the same boundary; then a second time while it recovers from the first.

#include <string>

#include "lab/sim/campaign.h"

namespace mayfly::lab::sim {

struct CrashOptions {
  std::string scenario;
  std::uint64_t seed = 1;
  int stride = 1;        // every so-manieth point only
  int pairs_max = 2000;  // of deaths during recovery; more are thinned out
};

// How many were played, of how many there are.
struct CrashCounts {
  std::uint64_t once = 0, once_of = 0;
  std::uint64_t every_life = 0, every_life_of = 0;
  std::uint64_t pairs = 0, pairs_of = 0;
};

// Plays them in the campaign, which adds up what happened. Ends early with the campaign.
[[nodiscard]] CrashCounts play_crash_points(Campaign& campaign, const CrashOptions& options);
[[nodiscard]] std::string to_string(const CrashCounts& counts);

struct CrashPair {
  int first = 0;   // "io"
  int second = 0;  // "life-2"
  friend bool operator==(const CrashPair&, const CrashPair&) = default;
};
// Of all pairs of a key of second_max and a number from 1 to its value about pairs_max, evenly
// spread. Each key and each number still occurs, unless pairs_max is less than there are of either.
[[nodiscard]] std::vector<CrashPair> thin_out(const std::map<int, int>& second_max, int pairs_max);

}  // namespace mayfly::lab::sim
