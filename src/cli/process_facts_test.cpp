#include "cli/process_facts.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly::cli {
namespace {

TEST_CASE("process facts: calls and refusals are those that were counted") {
  testing::Service bench;
  LastSweep last_sweep;
  Counters counters;
  for (const char* what : {"github 2xx", "github 5xx", "aws 2xx", "aws 4xx", "aws none"})
    counters.upstream.note(what, Millis{1});
  counters.answers.note("ok", Millis{1});
  counters.answers.note("limit-repository", Millis{1});
  CHECK_FALSE(facts_of_server(last_sweep, counters, bench.github).sweep);
  last_sweep.note(bench.clock.wall(), SweepReport{});
  const auto facts = facts_of_server(last_sweep, counters, bench.github);
  REQUIRE(facts.calls);
  CHECK(facts.calls->github == 2);
  CHECK(facts.calls->github_failed == 1);
  CHECK(facts.calls->aws == 3);
  CHECK(facts.calls->aws_failed == 1);
  CHECK(facts.calls->refused == std::map<std::string, std::int64_t>{{"limit-repository", 1}});
  REQUIRE(facts.sweep);
  CHECK(facts.sweep->at == bench.clock.wall());
}

TEST_CASE("process facts: a sweep is left for others twice a minute, its problems at once") {
  testing::Service bench;
  SweepNotes notes(bench.clock, bench.log, *bench.ledger, bench.github);
  CHECK_FALSE(facts_left_by_sweep(*bench.ledger).sweep);
  const auto left_at = [&](const SweepReport& report) {
    notes.leave(report);
    return facts_left_by_sweep(*bench.ledger).sweep->at;
  };
  const WallTime first = left_at({});
  bench.clock.advance(Seconds{29});
  CHECK(left_at({}) == first);
  SweepReport bad;
  bad.problems = {"list machines: EC2 is slow"};
  CHECK(left_at(bad) == first + Seconds{29});
  bench.clock.advance(Seconds{30});
  CHECK(left_at({}) == first + Seconds{59});
  CHECK(facts_left_by_sweep(*bench.ledger).sweep->report.problems.empty());
}

}  // namespace
}  // namespace mayfly::cli
