#pragma once

// Says in the log that launches begin to pause, and that they go on: launch-breaker-opened once per
// opening, launch-breaker-closed after it. What was said stands in the ledger, so that a restart or
// a second server says it once; two that look in the same moment may both say it.
// Thread rule: one caller at a time per object.

#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly {

struct BreakerNoticeSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

// Compares what is so with what was said last. An Error: the ledger.
[[nodiscard]] Status notice_breaker(const Config& config, const BreakerNoticeSeams& seams);

}  // namespace mayfly
