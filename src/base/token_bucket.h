#pragma once

// A token bucket as arithmetic: time is passed in, nothing is kept but one moment. Full, it gives
// `burst` tokens at once; after that one comes back every 60 s / per_minute. So in any span of time
// t it gives at most burst + t * per_minute / 60 s. One that is full again is as good as new: it
// may be forgotten. (The same as the "generic cell rate algorithm" of ATM.) Not thread-safe.

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace mayfly {

struct BucketSize {
  std::int64_t per_minute = 1;  // at least 1
  std::int64_t burst = 1;       // at least 1
};

class TokenBucket {
 public:
  // How long until a token is there; none: there is one now.
  [[nodiscard]] std::optional<Millis> wait(const BucketSize& size, SteadyTime now) const;
  // Takes one. Only when wait() says none.
  void take(const BucketSize& size, SteadyTime now);
  [[nodiscard]] bool is_full(SteadyTime now) const { return full_at_ <= now.time_since_epoch(); }

 private:
  using Micros = std::chrono::microseconds;  // 60 s need not be a multiple of per_minute
  [[nodiscard]] static Micros cost(const BucketSize& size);
  [[nodiscard]] Micros after_one_more(const BucketSize& size, SteadyTime now) const;

  Micros full_at_{Micros::min()};
};

}  // namespace mayfly
