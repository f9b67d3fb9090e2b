#include "report/recent_times.h"

#include <doctest/doctest.h>

#include "ledger/sqlite_ledger.h"
#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::good_life;
using testing::timeline;

Lease lease_number(int n, Architecture architecture = Architecture::x86_64) {
  const std::string digits = std::to_string(n);
  Lease lease;
  lease.id = LeaseId{"l-" + std::string(20 - digits.size(), '0') + digits};
  lease.architecture = architecture;
  return lease;
}

// A runner that took so long, of which all but a second was the boot.
Journey journey_of_seconds(int seconds) {
  Journey journey;
  journey.asked = testing::k_noon;
  journey.stages = {{Stage::verify, Millis{0}, Seconds{1}, true},
                    {Stage::boot, Seconds{1}, Seconds{seconds}, true}};
  journey.runner = Seconds{seconds};
  return journey;
}

TEST_CASE("recent times: what is usual is the median of the same architecture's runners") {
  RecentTimes times;
  for (const int seconds : {50, 10, 30, 20, 40})
    times.note(lease_number(seconds), journey_of_seconds(seconds));
  for (int n = 100; n < 104; ++n)
    times.note(lease_number(n, Architecture::arm64), journey_of_seconds(n));
  const auto usual = times.usual(Architecture::x86_64);
  CHECK(usual.at(Stage::boot) == Seconds{29});
  CHECK(usual.at(Stage::verify) == Seconds{1});
  CHECK_MESSAGE(times.usual(Architecture::arm64).empty(), "four are too few to say");
}

TEST_CASE("recent times: a lease counts once, without a runner not at all, the newest are kept") {
  RecentTimes times;
  times.note(lease_number(1), Journey{});
  CHECK(times.all().empty());
  for (int n = 1; n <= 130; ++n) times.note(lease_number(n), journey_of_seconds(n + 1));
  times.note(lease_number(130), journey_of_seconds(9));
  REQUIRE(times.all().size() == k_recent_times_max);
  CHECK(times.all().front().lease == lease_number(130).id);
  CHECK(times.all().front().runner == Seconds{9});
  CHECK(times.all()[1].lease == lease_number(129).id);
  CHECK(times.all().back().lease == lease_number(31).id);
}

TEST_CASE("recent times: a stage whose beginning nobody stamped is not told, nor the job") {
  RecentTimes times;
  auto stamps = good_life();
  stamps.erase(stamps.begin() + 4);  // machine-booted
  times.note(lease_number(1), journey_of(timeline(stamps)));
  const auto& stages = times.all().front().stages;
  CHECK(stages.contains(Stage::claim));
  CHECK_FALSE(stages.contains(Stage::runner));
  CHECK_FALSE(stages.contains(Stage::job));
}

TEST_CASE("recent times: the text says them all, and any other text is an empty memory") {
  RecentTimes times;
  for (int n = 1; n <= 110; ++n) times.note(lease_number(n), journey_of(timeline(good_life())));
  const std::string text = times.to_text();
  CHECK(text.size() < 16'000);
  const RecentTimes again = RecentTimes::from_text(text);
  REQUIRE(again.all().size() == k_recent_times_max);
  CHECK(again.to_text() == text);
  CHECK(again.all().front().online_at == testing::k_noon + Seconds{60});
  for (const std::string bad :
       {"", "x", "{}", "[1]", "[[]]", R"([["l-x","x86_64",1,1,1,1,1,1,1,1,1]])",
        R"([["l-00000000000000000001","x86_64",1,-1,1,1,1,1,1,1,1]])",
        R"([["l-00000000000000000001","vax",1,1,1,1,1,1,1,1,1]])"})
    CHECK_MESSAGE(RecentTimes::from_text(bad).all().empty(), bad);
}

TEST_CASE("recent times: the ledger keeps them for every process") {
  const auto ledger = SqliteLedger::open(":memory:");
  REQUIRE(ledger);
  CHECK(recent_times(**ledger)->all().empty());
  REQUIRE(note_runner_time(**ledger, lease_number(1), journey_of(timeline(good_life()))));
  REQUIRE(note_runner_time(**ledger, lease_number(2), Journey{}));
  REQUIRE(note_runner_time(**ledger, lease_number(3), journey_of(timeline(good_life()))));
  const auto times = recent_times(**ledger);
  REQUIRE(times);
  CHECK(times->all().size() == 2);
  CHECK(times->all().front().runner == Seconds{60});
}

}  // namespace
}  // namespace mayfly::report
