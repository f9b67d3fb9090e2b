#pragma once

// GitHub's two limits on callers: calls in an hour, whose headers go out with every answer, and
// points in a minute, which show only when they are passed (facts.md A4). Windows are fixed and
// begin with the first call in them. Not thread-safe.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly::lab {

class RateBudget {
 public:
  RateBudget(std::int64_t calls_per_hour, std::int64_t points_per_minute)
      : calls_max_(calls_per_hour), points_max_(points_per_minute) {}

  // What was used already in the present windows stays so.
  void set_limits(std::int64_t calls_per_hour, std::int64_t points_per_minute) {
    calls_max_ = calls_per_hour;
    points_max_ = points_per_minute;
  }
  // The refusal, or none and the call is counted.
  [[nodiscard]] std::optional<HttpResponse> take(std::string_view method, WallTime now);
  // A 304, and GET /rate_limit, are free of the first limit.
  void give_back() { used_ -= used_ > 0 ? 1 : 0; }
  void add_headers(Headers& headers) const;

  [[nodiscard]] std::int64_t limit() const { return calls_max_; }
  [[nodiscard]] std::int64_t used() const { return used_; }
  [[nodiscard]] std::int64_t remaining() const {
    return std::max<std::int64_t>(0, limit() - used_);
  }
  [[nodiscard]] WallTime resets_at() const { return hour_ends_; }

 private:
  std::int64_t calls_max_;
  std::int64_t points_max_;
  std::int64_t used_ = 0;
  std::int64_t points_ = 0;
  WallTime hour_ends_{};
  WallTime minute_ends_{};
};

}  // namespace mayfly::lab
