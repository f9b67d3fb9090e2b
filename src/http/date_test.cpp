#include "http/date.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("http date: what we write ourselves is read back") {
  for (const std::int64_t seconds : {0LL, 951'782'400LL, 1'800'000'000LL, 4'102'444'799LL}) {
    const WallTime time = wall_from_epoch_seconds(seconds);
    CHECK(parse_http_date(http_date(time)) == time);
  }
}

TEST_CASE("http date: anything else is none") {
  for (const char* text : {"", "Thu, 26 Nov 2026 06:53:22", "Thu, 26 Nov 2026 06:53:22 CET",
                           "Thu, 26 Nox 2026 06:53:22 GMT", "Thu, 32 Nov 2026 06:53:22 GMT",
                           "Thu, 26 Nov 2026 25:53:22 GMT", "Thursday, 26-Nov-26 06:53:22 GMT",
                           "Thu, 26 Nov 2026 06:53:22 GMT ", "Thu, -6 Nov 2026 06:53:22 GMT"})
    CHECK_MESSAGE(!parse_http_date(text), text);
}

}  // namespace
}  // namespace mayfly
