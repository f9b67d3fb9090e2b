#include "base/token_bucket.h"

#include <algorithm>

namespace mayfly {

TokenBucket::Micros TokenBucket::cost(const BucketSize& size) {
  // Rounded up, so that never more comes back than was promised.
  const std::int64_t minute = Micros(Seconds{60}).count();
  return Micros{(minute + size.per_minute - 1) / size.per_minute};
}

TokenBucket::Micros TokenBucket::after_one_more(const BucketSize& size, SteadyTime now) const {
  return std::max<Micros>(full_at_, now.time_since_epoch()) + cost(size);
}

std::optional<Millis> TokenBucket::wait(const BucketSize& size, SteadyTime now) const {
  const Micros latest = now.time_since_epoch() + cost(size) * size.burst;
  const Micros excess = after_one_more(size, now) - latest;
  if (excess <= Micros{0}) return std::nullopt;
  return std::chrono::ceil<Millis>(excess);
}

void TokenBucket::take(const BucketSize& size, SteadyTime now) {
  full_at_ = after_one_more(size, now);
}

}  // namespace mayfly
