#include "lease/rerun.h"

namespace mayfly {

Rerun rerun_for(const Lease& interrupted, const RunFacts& run) {
  if (run.attempt != interrupted.run_attempt) return Rerun::leave;
  if (run.live || run.conclusion.empty()) return Rerun::wait;
  return run.conclusion == "failure" ? Rerun::ask : Rerun::leave;
}

}  // namespace mayfly
