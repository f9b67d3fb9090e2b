#pragma once

// Two kinds of time that cannot be mixed by mistake. WallTime is calendar time: deadlines, stamps,
// signatures; it may step. SteadyTime only measures how long something takes. Neither type can read
// a clock: only seam/clock.h can. Both count milliseconds.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct WallClockTag {
  using duration = Millis;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClockTag, duration>;
  static constexpr bool is_steady = false;
};

struct SteadyClockTag {
  using duration = Millis;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClockTag, duration>;
  static constexpr bool is_steady = true;
};

using WallTime = WallClockTag::time_point;      // since 1970-01-01T00:00:00Z
using SteadyTime = SteadyClockTag::time_point;  // since an arbitrary instant

[[nodiscard]] constexpr WallTime wall_from_epoch_seconds(long long seconds) {
  return WallTime{Seconds{seconds}};
}
[[nodiscard]] constexpr long long epoch_seconds(WallTime t) {
  return std::chrono::floor<Seconds>(t.time_since_epoch()).count();
}
[[nodiscard]] constexpr WallTime wall_from_epoch_millis(long long millis) {
  return WallTime{Millis{millis}};
}
[[nodiscard]] constexpr long long epoch_millis(WallTime t) { return t.time_since_epoch().count(); }

// 2026-11-23T20:15:30Z (seconds) and 2026-11-23T20:15:30.250Z (millis).
[[nodiscard]] std::string iso8601(WallTime t);
[[nodiscard]] std::string iso8601_millis(WallTime t);
// 20261123T201530Z, the form AWS signs.
[[nodiscard]] std::string iso8601_basic(WallTime t);
// Mon, 23 Nov 2026 20:15:30 GMT, the form of HTTP's Date header (RFC 9110, 5.6.7).
[[nodiscard]] std::string http_date(WallTime t);
// Accepts 2026-11-23T20:15:30Z, an optional fraction, and +00:00 in place of Z. Nothing else.
[[nodiscard]] std::optional<WallTime> parse_iso8601(std::string_view text);
// Midnight UTC of the day, and of the first of the month, that t lies in.
[[nodiscard]] WallTime start_of_day(WallTime t);
[[nodiscard]] WallTime start_of_month(WallTime t);
// "1h", "90s", "5m", "250ms": one number, one unit (ms, s, m, h, d). No sign, no fraction.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);
// 412ms, 8.3s, 4m10s, 2h05m: for people.
[[nodiscard]] std::string human_duration(Millis d);

}  // namespace mayfly
