#pragma once

// What GET /metrics on the admin listener answers (docs/metrics.md). Nothing is labelled by lease,
// repository, run or account: the number of series is fixed by the program.

#include <string>

#include "cli/admin.h"
#include "cli/counting.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "report/tally.h"

namespace mayfly::cli {

// Everything that is counted since this process began.
struct Counters {
  WallTime started{};
  report::Tally leases;
  CallTally answers;   // of the public API, by code
  CallTally upstream;  // calls to GitHub and AWS
};

// Text in Prometheus's format. Where the ledger cannot be read, what is known without it.
[[nodiscard]] std::string metrics_text(const Config& config, Ledger& ledger,
                                       const Counters& counters, const LastSweep& last_sweep,
                                       WallTime now);

}  // namespace mayfly::cli
