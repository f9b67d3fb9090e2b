#pragma once

// A timeline as the stages between its stamps, each with the time it took: what the picture on a
// lease's page is drawn from. Pure.
//
// The machine's own stamps come from a machine on which a stranger is root: they move a stage on
// where that stage may end so, and else change nothing.

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "lease/lease.h"

namespace mayfly::pages {

// In the order in which a launch passes through them.
enum class StageKind { verify, launch, boot, prepare, claim, connect, wait_job, job, clean_up };

// "Waiting for EC2 to start a machine"
[[nodiscard]] std::string words_for(StageKind kind);
// Whether it comes before the job: its time is part of the time to a runner.
[[nodiscard]] bool is_before_job(StageKind kind);

struct Stage {
  StageKind kind = StageKind::verify;
  int launch = 1;  // 1, 2, ...: which launch of the lease it belongs to
  WallTime begin{};
  std::optional<WallTime> end;  // none: it goes on
  std::string note;             // why it came to this, where there is more to say
};

// events: oldest first, as the ledger gives them.
[[nodiscard]] std::vector<Stage> stages_of(const std::vector<LeaseEvent>& events);
// From the question to a runner that GitHub sees; none as long as there is none.
[[nodiscard]] std::optional<Millis> time_to_runner(const std::vector<LeaseEvent>& events);

}  // namespace mayfly::pages
