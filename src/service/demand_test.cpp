#include "service/demand.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

struct DemandBench : Service {
  RepositoryName repository{"octo/repo"};

  Code code_of_run(RunId id) {
    const auto run = demand.run(repository, id);
    return run ? Code::internal : run.error().code;
  }
};

TEST_CASE("demand: questions about a run that is not there cost one call in three seconds") {
  DemandBench bench;
  bench.github_wire.answer(404, "{}");
  for (int i = 0; i < 100; ++i) CHECK(bench.code_of_run(7) == Code::run_not_found);
  CHECK(bench.github_wire.sent.size() == 1);
  bench.clock.sleep_for(Millis{2'999});
  CHECK(bench.code_of_run(7) == Code::run_not_found);
  CHECK(bench.github_wire.sent.size() == 1);
  bench.clock.sleep_for(Millis{1});
  bench.github_wire.answer(200, github::run_json(7));
  REQUIRE(bench.demand.run(bench.repository, 7));
  CHECK(bench.github_wire.sent.size() == 2);
}

TEST_CASE(
    "demand: a run that is over is asked about once, and seen to live again in three seconds") {
  DemandBench bench;
  std::string completed = github::run_json(7);
  completed.replace(completed.find("in_progress"), 11, "completed");
  bench.github_wire.answer(200, completed);
  for (int i = 0; i < 100; ++i) {
    const auto run = bench.demand.run(bench.repository, 7);
    REQUIRE(run);
    CHECK_FALSE(run->live);
  }
  CHECK(bench.github_wire.sent.size() == 1);
  bench.clock.sleep_for(Seconds{3});
  bench.github_wire.answer(200, github::run_json(7));
  const auto again = bench.demand.run(bench.repository, 7);
  REQUIRE(again);
  CHECK(again->live);
}

TEST_CASE("demand: what GitHub could not say is not believed") {
  DemandBench bench;
  for (int i = 0; i < 3; ++i) bench.github_wire.answer(502, "{}");
  CHECK(bench.code_of_run(7) == Code::github_unavailable);
  bench.github_wire.answer(200, github::run_json(7));
  CHECK(bench.demand.run(bench.repository, 7));
}

TEST_CASE("demand: one run is not another, nor the same number in another repository") {
  DemandBench bench;
  bench.github_wire.answer(404, "{}");
  CHECK(bench.code_of_run(7) == Code::run_not_found);
  bench.github_wire.answer(200, github::run_json(8));
  CHECK(bench.demand.run(bench.repository, 8));
  bench.github_wire.answer(200, github::run_json(7));
  CHECK(bench.demand.run(RepositoryName{"octo/other"}, 7));
}

TEST_CASE("demand: a thousand ids push out nothing that is still believed, nor grow the memory") {
  DemandBench bench;
  for (RunId id = 1; id <= 1200; ++id) {
    bench.github_wire.answer(404, "{}");
    CHECK(bench.code_of_run(id) == Code::run_not_found);
  }
  const std::size_t sent = bench.github_wire.sent.size();
  CHECK(sent == 1200);
  CHECK(bench.code_of_run(1) == Code::run_not_found);  // still believed
  CHECK(bench.github_wire.sent.size() == sent);
  bench.github_wire.answer(404, "{}");
  CHECK(bench.code_of_run(1200) == Code::run_not_found);  // there was no room for it
  CHECK(bench.github_wire.sent.size() == sent + 1);
  bench.clock.sleep_for(Seconds{3});
  bench.github_wire.answer(404, "{}");
  CHECK(bench.code_of_run(1200) == Code::run_not_found);
  CHECK(bench.code_of_run(1200) == Code::run_not_found);  // and now there is
  CHECK(bench.github_wire.sent.size() == sent + 2);
}

TEST_CASE("demand: while GitHub asks for a long wait, nobody sleeps for it") {
  DemandBench bench;
  bench.github_wire.answer(429, "{}", {{"retry-after", "8"}});
  const SteadyTime before = bench.clock.steady();
  const auto run = bench.demand.run(bench.repository, 7);
  REQUIRE_FALSE(run);
  CHECK(run.error().code == Code::github_throttled);
  CHECK(run.error().retry_after == Seconds{8});
  CHECK(bench.clock.steady() == before);
}

}  // namespace
}  // namespace mayfly
