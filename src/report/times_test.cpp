#include "report/times.h"

#include <doctest/doctest.h>

#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::At;
using testing::good_life;
using testing::k_noon;
using testing::timeline;

History history(const std::vector<At>& stamps, LeaseState state = LeaseState::gone) {
  History history;
  history.lease.created_at = k_noon;
  history.lease.state = state;
  history.events = timeline(stamps);
  return history;
}

TEST_CASE("times: a percentile is one of the values, by nearest rank") {
  std::vector<Millis> values;
  for (int i = 100; i > 0; --i) values.push_back(Millis{i});
  const Percentiles of_100 = percentiles_of(values);
  CHECK(of_100.count == 100);
  CHECK(of_100.p50 == Millis{50});
  CHECK(of_100.p90 == Millis{90});
  CHECK(of_100.p99 == Millis{99});
  CHECK(of_100.longest == Millis{100});
  const Percentiles of_one = percentiles_of({Millis{7}});
  CHECK(of_one.p50 == Millis{7});
  CHECK(of_one.p99 == Millis{7});
  CHECK(percentiles_of({}).count == 0);
  CHECK(percentiles_of({Millis{1}, Millis{2}, Millis{3}}).p50 == Millis{2});
}

TEST_CASE("times: one row for each architecture and image") {
  std::vector<History> histories = {history(good_life()), history(good_life()),
                                    history(good_life())};
  histories[1].lease.architecture = Architecture::arm64;
  histories[2].events[3].detail = "i-0a c7i.large us-east-1a spot ami-0b";
  const auto rows = times_of(histories, {});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].image == "ami-0a");
  CHECK(rows[1].image == "ami-0b");
  CHECK(rows[2].architecture == Architecture::arm64);
  CHECK(times_of_all(histories, {}).runner.count == 3);
}

TEST_CASE("times: only stages with both their stamps count, and leases without a runner are told") {
  auto stamps = good_life();
  std::erase_if(stamps, [](const At& stamp) { return stamp.name == "machine-booted"; });
  const TimesRow row =
      times_of_all({history(good_life()), history(stamps),
                    history({{0, "asked"}, {1, "verified"}, {1, "launching"}, {5, "ending"}}),
                    history({{0, "asked"}, {1, "verified"}}, LeaseState::launching)},
                   {});
  CHECK(row.leases == 4);
  CHECK(row.no_runner == 1);
  CHECK(row.runner.count == 2);
  CHECK(row.stages.at(Stage::boot).count == 1);
  CHECK(row.stages.at(Stage::runner).count == 1);
  CHECK(row.stages.at(Stage::runner).p50 == Seconds{16});
  CHECK(row.stages.at(Stage::verify).count == 4);
}

TEST_CASE("times: leases asked for outside the window do not count") {
  const Window after{k_noon + Seconds{1}, WallTime::max()};
  CHECK(times_of({history(good_life())}, after).empty());
  CHECK(times_of_all({history(good_life())}, after).leases == 0);
}

}  // namespace
}  // namespace mayfly::report
