#pragma once

// Repeating a call, as values: how often and how long (RetryPolicy), and whether at all
// (Idempotency), which every call site must name. One loop for GitHub and AWS.
//
// Repeated are: throttled (waiting as long as told; not by our own budget), unavailable, and
// ambiguous only where the call is safe to repeat. Everything else comes back at once, and so does
// a wait that would pass the deadline or that is longer than backoff_max: the other side may ask
// for minutes, and whoever sleeps here holds a worker. The caller has the wait in its error, and
// can ask to be asked again.

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly {

struct RetryPolicy {
  int attempts_max = 3;
  Millis backoff_initial{200};
  Millis backoff_max{5000};
};

enum class Idempotency {
  safe_to_repeat,  // reads, deletes, and creates that carry a client token
  not_safe,        // a lost answer must come back to the caller
};

[[nodiscard]] bool may_repeat(const Error& error, Idempotency idempotency);

// How long to wait before attempt + 1 (attempt counts from 1): full jitter over a doubling ceiling,
// and never less than the other side asked for.
[[nodiscard]] Millis backoff_before_next(const RetryPolicy& policy, int attempt, const Error& error,
                                         Entropy& entropy);

template <class Call>
auto with_retries(const RetryPolicy& policy, Idempotency idempotency, Clock& clock,
                  Entropy& entropy, SteadyTime deadline, Call&& call)
    -> std::invoke_result_t<Call> {
  for (int attempt = 1;; ++attempt) {
    auto result = call();
    if (result || attempt >= policy.attempts_max || !may_repeat(result.error(), idempotency))
      return result;
    const Millis wait = backoff_before_next(policy, attempt, result.error(), entropy);
    if (wait > std::max(policy.backoff_max, Millis{1}) || clock.steady() + wait >= deadline)
      return result;
    clock.sleep_for(wait);
  }
}

}  // namespace mayfly
