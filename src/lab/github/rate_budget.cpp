#include "lab/github/rate_budget.h"

#include "lab/github/routes.h"

namespace mayfly::lab {

std::optional<HttpResponse> RateBudget::take(std::string_view method, WallTime now) {
  if (now >= hour_ends_) {
    used_ = 0;
    hour_ends_ = now + std::chrono::hours{1};
  }
  if (now >= minute_ends_) {
    points_ = 0;
    minute_ends_ = now + std::chrono::minutes{1};
  }
  if (used_ >= calls_max_) return rest::refusal(403, "API rate limit exceeded");
  const std::int64_t cost = method == "GET" || method == "HEAD" ? 1 : 5;
  if (points_ + cost > points_max_) {
    HttpResponse response = rest::refusal(403, "You have exceeded a secondary rate limit");
    const auto wait = std::chrono::ceil<Seconds>(minute_ends_ - now);
    response.headers.add("retry-after", std::to_string(wait.count()));
    return response;
  }
  points_ += cost;
  used_ += 1;
  return std::nullopt;
}

void RateBudget::add_headers(Headers& headers) const {
  headers.add("x-ratelimit-limit", std::to_string(limit()));
  headers.add("x-ratelimit-remaining", std::to_string(remaining()));
  headers.add("x-ratelimit-used", std::to_string(used()));
  headers.add("x-ratelimit-reset", std::to_string(epoch_seconds(hour_ends_)));
  headers.add("x-ratelimit-resource", "core");
}

}  // namespace mayfly::lab
