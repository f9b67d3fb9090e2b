#include "seam/line_limit.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace mayfly {
namespace {

class HandClock final : public Clock {
 public:
  WallTime wall() override { return WallTime{now.time_since_epoch()}; }
  SteadyTime steady() override { return now; }
  void sleep_until(SteadyTime t) override { now = t; }
  SteadyTime now{Seconds{1000}};
};

class Lines final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    all.push_back(std::string(event) + (fields.size() > 0 ? " " + fields.begin()->value : ""));
  }
  std::vector<std::string> all;
};

TEST_CASE("line limit: of a flood a minute's worth is written, and then how many were not") {
  HandClock clock;
  Lines lines;
  LineLimit limit(clock, lines, 3);
  for (int i = 0; i < 1000; ++i) limit.info("refused", {{"number", std::to_string(i)}});
  CHECK(lines.all == std::vector<std::string>{"refused 0", "refused 1", "refused 2"});
  clock.now += Seconds{20};
  limit.info("refused", {{"number", "1000"}});
  limit.info("refused", {{"number", "1001"}});
  CHECK(lines.all.size() == 5);
  CHECK(lines.all[3] == "lines-left-out 997");
  CHECK(lines.all[4] == "refused 1000");
}

TEST_CASE("line limit: where nothing was left out, nothing is said about it") {
  HandClock clock;
  Lines lines;
  LineLimit limit(clock, lines, 60);
  for (int i = 0; i < 100; ++i) {
    limit.warning("refused");
    clock.now += Seconds{1};
  }
  CHECK(lines.all == std::vector<std::string>(100, "refused"));
}

}  // namespace
}  // namespace mayfly
