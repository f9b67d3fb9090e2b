#include "lab/demo_report.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "report/times.h"

namespace mayfly::lab {
namespace {

TEST_CASE("demo: a lease as the API shows it counts in the times as its ledger's would") {
  const auto shown = parse_json(R"({"architecture":"arm64","state":"gone",
      "created_at":"2026-11-23T12:00:00.000Z","timeline":[
      {"at":"2026-11-23T12:00:00.000Z","event":"asked"},
      {"at":"2026-11-23T12:00:01.000Z","event":"launching"},
      {"at":"2026-11-23T12:00:03.000Z","event":"booting","detail":"i-0a t z spot ami-0a"},
      {"at":"2026-11-23T12:00:09.000Z","event":"claimed"},
      {"at":"2026-11-23T12:00:10.500Z","event":"online"}]})");
  const report::History history = history_of(shown.value().get_object());
  CHECK(history.lease.state == LeaseState::gone);
  const auto rows = report::times_of({history}, report::month_of(history.lease.created_at));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].architecture == Architecture::arm64);
  CHECK(rows[0].image == "ami-0a");
  CHECK(rows[0].runner.p50 == Millis{10'500});
  CHECK(rows[0].no_runner == 0);
}

}  // namespace
}  // namespace mayfly::lab
