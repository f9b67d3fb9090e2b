#pragma once

// What the dashboard shows that no ledger holds: what the process that answers knows of itself. On
// Lambda that is what the sweep left in the ledger (service/sweep_note.h).

#include <map>
#include <optional>
#include <string>

#include "service/sweep_note.h"

namespace mayfly::pages {

// Since the process began.
struct CallFacts {
  WallTime since{};
  int github_in_minute = 0;  // calls of the last minute
  std::int64_t github = 0;
  std::int64_t github_failed = 0;  // answered 5xx, or not at all
  std::int64_t aws = 0;
  std::int64_t aws_failed = 0;
  std::map<std::string, std::int64_t> refused;  // questions to the public API, by code
};

struct ProcessFacts {
  std::optional<SweepNote> sweep;  // none: none yet
  std::optional<CallFacts> calls;  // none where processes come and go
};

}  // namespace mayfly::pages
