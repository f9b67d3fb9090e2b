#pragma once

// The pictures of the demo: a live line for each new stamp on a lease's timeline, and at the end
// where the time went, stage by stage. Pure text from the JSON that the public API answers with.

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "report/history.h"

namespace mayfly::lab {

struct Stamp {
  WallTime at{};
  std::string name;
  std::string detail;
};

// Of a lease as GET /v1/leases/{id} shows it.
[[nodiscard]] std::vector<Stamp> timeline_of(const json::object& lease);

// For the reports (report/times.h): what such a lease tells of itself, its machines left out.
[[nodiscard]] report::History history_of(const json::object& lease);

struct Stage {
  std::string name;
  Millis from{0};  // since the ask
  Millis to{0};
};

// verify, launch, boot, runner, claim, online, job, gone; those whose stamps are there.
[[nodiscard]] std::vector<Stage> stages_of(const std::vector<Stamp>& timeline);

// One line per stage with a bar, all scaled to longest; width in columns for the bar.
[[nodiscard]] std::string picture(const std::vector<Stage>& stages, Millis longest, int width);

}  // namespace mayfly::lab
