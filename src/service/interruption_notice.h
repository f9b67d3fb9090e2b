#pragma once

// EC2 says about two minutes ahead that it takes a spot machine back, where EventBridge is listened
// to (facts.md B5). Nothing can keep the machine, and its job may still end in time: so the notice
// is a stamp on its lease's timeline and no more. What follows from the machine's end is the
// sweep's.

#include "base/ids.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly {

inline constexpr const char* k_interruption_announced = "interruption-announced";

struct InterruptionNoticeSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

// A notice may come twice (at least once, facts.md C2) and is stamped once. A machine that no live
// lease knows is none of ours, or has ended: that is no error.
[[nodiscard]] Status note_interruption(const InterruptionNoticeSeams& seams,
                                       const InstanceId& instance);

}  // namespace mayfly
