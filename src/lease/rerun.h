#pragma once

// Whether a run is run again because EC2 took a spot machine back during one of its jobs, which
// GitHub then fails. Pure; service/rerunner.h acts on it.

#include "lease/entitlement.h"
#include "lease/lease.h"

namespace mayfly {

enum class Rerun {
  wait,   // the attempt has not ended
  ask,    // GitHub is to re-run its failed jobs
  leave,  // it did not fail, or somebody was faster
};
// run: as GitHub describes it now.
[[nodiscard]] Rerun rerun_for(const Lease& interrupted, const RunFacts& run);

}  // namespace mayfly
