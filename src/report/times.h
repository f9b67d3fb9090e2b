#pragma once

// How long runners took, over many leases: percentiles of each stage and of the whole, for each
// architecture and machine image. Pure.

#include <map>
#include <string>
#include <vector>

#include "report/history.h"
#include "report/stages.h"

namespace mayfly::report {

// By nearest rank: each is one of the values. All zero without values.
struct Percentiles {
  std::int64_t count = 0;
  Millis p50{0};
  Millis p90{0};
  Millis p99{0};
  Millis longest{0};
};
[[nodiscard]] Percentiles percentiles_of(std::vector<Millis> values);

struct TimesRow {
  Architecture architecture = Architecture::x86_64;
  std::string image;           // empty: not stamped (adopted machines, leases of older versions)
  std::int64_t leases = 0;     // asked for in the window
  std::int64_t no_runner = 0;  // of those, ended without a runner
  Percentiles runner;          // from the ask until the runner is online
  Percentiles job;             // from the ask until its job begins
  std::map<Stage, Percentiles> stages;  // of those that were stamped at both ends
};

// Of leases asked for in the window, by architecture and image.
[[nodiscard]] std::vector<TimesRow> times_of(const std::vector<History>& histories,
                                             const Window& window);
// One row over them all, for "usually takes"; its architecture and image mean nothing.
[[nodiscard]] TimesRow times_of_all(const std::vector<History>& histories, const Window& window);

}  // namespace mayfly::report
