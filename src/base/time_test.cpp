#include "base/time.h"

#include <doctest/doctest.h>

#include <limits>

namespace mayfly {
namespace {

WallTime wall(std::string_view text) {
  const auto t = parse_iso8601(text);
  REQUIRE_MESSAGE(t.has_value(), text);
  return *t;
}

TEST_CASE("time: the three ISO forms of one instant") {
  const WallTime t = wall_from_epoch_millis(1'795'464'930'250);
  CHECK(iso8601(t) == "2026-11-23T20:15:30Z");
  CHECK(iso8601_millis(t) == "2026-11-23T20:15:30.250Z");
  CHECK(iso8601_basic(t) == "20261123T201530Z");
}

TEST_CASE("time: what is printed reads back as the same instant") {
  for (const long long millis :
       {0LL, 1LL, 951'782'400'000LL, 1'795'464'930'250LL, 4'102'444'799'999LL}) {
    const WallTime t = wall_from_epoch_millis(millis);
    CHECK(wall(iso8601_millis(t)) == t);
    CHECK(epoch_seconds(wall(iso8601(t))) == epoch_seconds(t));
  }
}

TEST_CASE("time: an instant before 1970 counts backwards in whole seconds") {
  CHECK(iso8601_millis(wall_from_epoch_millis(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(epoch_seconds(wall_from_epoch_millis(-1)) == -1);
}

TEST_CASE("time: the 29th of February exists in leap years only") {
  CHECK(epoch_seconds(wall("2024-02-29T00:00:00Z")) == 1'709'164'800);
  CHECK(epoch_seconds(wall("2000-02-29T00:00:00Z")) == 951'782'400);
  CHECK_FALSE(parse_iso8601("2026-02-29T00:00:00Z"));
  CHECK_FALSE(parse_iso8601("2100-02-29T00:00:00Z"));
}

TEST_CASE("time: fractions and +00:00 are read, to the millisecond") {
  const WallTime t = wall("2026-11-23T20:15:30Z");
  CHECK(wall("2026-11-23T20:15:30+00:00") == t);
  CHECK(wall("2026-11-23T20:15:30.5Z") == t + Millis{500});
  CHECK(wall("2026-11-23T20:15:30.123456789+00:00") == t + Millis{123});
}

TEST_CASE("time: every other spelling of an instant is refused") {
  for (const char* text : {"",
                           "Z",
                           "2026-11-23",
                           "2026-11-23T20:15:30",
                           "2026-11-23 20:15:30Z",
                           "2026-11-23T20:15Z",
                           "2026-13-23T20:15:30Z",
                           "2026-00-23T20:15:30Z",
                           "2026-11-31T20:15:30Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T20:60:00Z",
                           "2026-11-23T20:15:60Z",
                           "2026-11-23T20:15:30.Z",
                           "2026-11-23T20:15:30.1234567890Z",
                           "2026-11-23T20:15:30.1x0Z",
                           "2026-11-23T20:15:30+01:00",
                           "2026-11-23T20:15:30ZZ",
                           " 2026-11-23T20:15:30Z",
                           "+026-11-23T20:15:30Z",
                           "2026-11-23t20:15:30z"})
    CHECK_FALSE_MESSAGE(parse_iso8601(text), text);
}

TEST_CASE("time: the day and the month begin at midnight UTC") {
  const WallTime t = wall("2024-03-01T00:00:00Z");
  CHECK(start_of_day(t) == t);
  CHECK(start_of_month(t) == t);
  CHECK(start_of_day(t - Millis{1}) == wall("2024-02-29T00:00:00Z"));
  CHECK(start_of_month(t - Millis{1}) == wall("2024-02-01T00:00:00Z"));
  CHECK(start_of_month(wall("2026-12-31T23:59:59.999Z")) == wall("2026-12-01T00:00:00Z"));
}

TEST_CASE("time: a duration is one number and one unit") {
  CHECK(parse_duration("250ms") == Millis{250});
  CHECK(parse_duration("90s") == Seconds{90});
  CHECK(parse_duration("5m") == Seconds{300});
  CHECK(parse_duration("1h") == Seconds{3600});
  CHECK(parse_duration("2d") == Seconds{172'800});
  CHECK(parse_duration("0s") == Millis{0});
}

TEST_CASE("time: no other duration is read") {
  for (const char* text : {"", "5", "m", "-5m", "+5m", "5 m", "1.5h", "1h30m", "5M", "5min", "5m ",
                           "9223372036854775807s", "99999999999999999999ms", "0x5m"})
    CHECK_FALSE_MESSAGE(parse_duration(text), text);
}

TEST_CASE("time: the longest duration that fits is read, one more unit is not") {
  CHECK(parse_duration("9223372036854775s"));
  CHECK_FALSE(parse_duration("9223372036854776s"));
}

TEST_CASE("time: durations for people keep two units") {
  CHECK(human_duration(Millis{0}) == "0ms");
  CHECK(human_duration(Millis{412}) == "412ms");
  CHECK(human_duration(Millis{8'000}) == "8s");
  CHECK(human_duration(Millis{8'390}) == "8.3s");
  CHECK(human_duration(Seconds{250}) == "4m10s");
  CHECK(human_duration(Seconds{300}) == "5m");
  CHECK(human_duration(Seconds{3'599}) == "59m59s");
  CHECK(human_duration(Seconds{7'500}) == "2h05m");
  CHECK(human_duration(Seconds{3'600}) == "1h");
  CHECK(human_duration(Seconds{-250}) == "-4m10s");
}

TEST_CASE("time: the ends of the range print without overflow") {
  CHECK(human_duration(Millis::max()).ends_with("m"));
  CHECK(human_duration(Millis::min()) == "forever ago");
}

TEST_CASE("time: the Date header has HTTP's fixed form") {
  CHECK(http_date(wall_from_epoch_seconds(784111777)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(wall_from_epoch_seconds(1709164800)) == "Thu, 29 Feb 2024 00:00:00 GMT");
}

}  // namespace
}  // namespace mayfly
