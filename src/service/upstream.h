#pragma once

// How long calls to GitHub and AWS may take and how often they are repeated, in one place.

#include "base/time.h"
#include "http/retry.h"
#include "seam/clock.h"

namespace mayfly {

inline constexpr Millis k_call_timeout = Seconds{10};
// For what a caller waits on: three tries within the ten seconds that a workflow's curl will bear.
inline constexpr RetryPolicy k_request_retries{3, Millis{200}, Millis{2000}};

[[nodiscard]] inline SteadyTime call_deadline(Clock& clock) {
  return clock.steady() + k_call_timeout;
}

}  // namespace mayfly
