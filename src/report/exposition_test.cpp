#include "report/exposition.h"

#include <doctest/doctest.h>

namespace mayfly::report {
namespace {

TEST_CASE("exposition: each metric says what it is, and each sample has its labels") {
  Exposition out;
  out.counter("mayfly_a_total", "Of a.").value(std::int64_t{3});
  out.gauge("mayfly_b", "Of b.")
      .value(Money{1'530'000}, {{"by", "x"}})
      .value(Millis{1250}, {{"by", "y"}, {"to", "z"}});
  CHECK(out.text() ==
        "# HELP mayfly_a_total Of a.\n# TYPE mayfly_a_total counter\nmayfly_a_total 3\n"
        "# HELP mayfly_b Of b.\n# TYPE mayfly_b gauge\nmayfly_b{by=\"x\"} 1.530000\n"
        "mayfly_b{by=\"y\",to=\"z\"} 1.250\n");
}

TEST_CASE("exposition: no label can end its line or its quotes") {
  Exposition out;
  out.gauge("m", "M.").value(std::int64_t{1}, {{"l", "a\"} 2\nb\\"}});
  CHECK(out.text().ends_with("m{l=\"a\\\"} 2\\nb\\\\\"} 1\n"));
}

TEST_CASE("exposition: a histogram's buckets add up, and a bound belongs to its bucket") {
  Histogram histogram;
  for (const int seconds : {5, 6, 3600, 3601}) histogram.add(Seconds{seconds});
  Exposition out;
  out.histogram("t", "T.").value(histogram, {{"l", "x"}});
  for (const char* line :
       {"t_bucket{l=\"x\",le=\"5\"} 1\n", "t_bucket{l=\"x\",le=\"10\"} 2\n",
        "t_bucket{l=\"x\",le=\"1200\"} 2\n", "t_bucket{l=\"x\",le=\"3600\"} 3\n",
        "t_bucket{l=\"x\",le=\"+Inf\"} 4\n", "t_sum{l=\"x\"} 7212.000\n", "t_count{l=\"x\"} 4\n"})
    CHECK_MESSAGE(out.text().find(line) != std::string::npos, std::string(line));
}

}  // namespace
}  // namespace mayfly::report
