#include "http/retry.h"

namespace mayfly {

bool may_repeat(const Error& error, Idempotency idempotency) {
  switch (error.kind()) {
    case ErrorKind::throttled:
      // Our own budget: to wait here would hold a worker for what others need as well.
      return error.code != Code::github_budget;
    case ErrorKind::unavailable:
      return true;
    case ErrorKind::ambiguous:
      return idempotency == Idempotency::safe_to_repeat;
    default:
      return false;
  }
}

Millis backoff_before_next(const RetryPolicy& policy, int attempt, const Error& error,
                           Entropy& entropy) {
  Millis ceiling = policy.backoff_initial;
  for (int i = 1; i < attempt && ceiling < policy.backoff_max; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, policy.backoff_max);
  const auto span = static_cast<std::uint64_t>(std::max<Millis::rep>(1, ceiling.count()));
  const Millis jittered{static_cast<Millis::rep>(1 + entropy.below(span))};
  return std::max(jittered, error.retry_after.value_or(Millis{0}));
}

}  // namespace mayfly
