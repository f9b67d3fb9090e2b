#include "cli/metrics.h"

#include <doctest/doctest.h>

#include "http/problem.h"
#include "service/testing.h"

namespace mayfly::cli {
namespace {

struct MetricsBench : testing::Service {
  Counters counters;
  LastSweep last_sweep;

  std::string text() { return metrics_text(config, *ledger, counters, last_sweep, clock.wall()); }
  bool has(const std::string& line) { return text().find(line + "\n") != std::string::npos; }
};

struct Answering final : HttpService {
  HttpResponse answer;
  HttpResponse handle(const HttpRequest&) override { return answer; }
};

TEST_CASE("metrics: figures that outlive the process are the ledger's") {
  MetricsBench bench;
  Lease lease;
  lease.id = LeaseId{"l-00000000000000000001"};
  lease.created_at = bench.clock.wall();
  lease.reserved = Money{2'500'000};
  REQUIRE(bench.ledger->reserve({lease}, {}, {9, 9, 9, Money{9'000'000}, Money{9'000'000}},
                                bench.clock.wall()));
  bench.clock.advance(Seconds{7});
  CHECK(bench.has("mayfly_ledger_up 1"));
  CHECK(bench.has("mayfly_leases_created_total 1"));
  CHECK(bench.has("mayfly_leases{state=\"launching\"} 1"));
  CHECK(bench.has("mayfly_leases{state=\"busy\"} 0"));
  CHECK(bench.has("mayfly_limit_used{limit=\"machines\"} 1"));
  CHECK(bench.has("mayfly_reserved_usd 2.500000"));
  CHECK(bench.has("mayfly_longest_wait_seconds 7.000"));
}

TEST_CASE("metrics: before the first sweep there is none, and then its figures") {
  MetricsBench bench;
  CHECK(bench.has("mayfly_sweeps_total 0"));
  CHECK(bench.text().find("mayfly_last_sweep_timestamp_seconds ") == std::string::npos);
  SweepReport report;
  report.instances = 4;
  report.terminated = 3;
  report.orphans = 1;
  report.problems = {"a", "b"};
  bench.last_sweep.note(bench.clock.wall(), report);
  bench.last_sweep.note(bench.clock.wall(), report);
  CHECK(bench.has("mayfly_sweeps_total 2"));
  CHECK(bench.has("mayfly_sweep_problems_total 4"));
  CHECK(bench.has("mayfly_terminations_total{why=\"lease\"} 4"));
  CHECK(bench.has("mayfly_terminations_total{why=\"orphan\"} 2"));
  CHECK(bench.has("mayfly_instances 4"));
  report.instances = -1;
  bench.last_sweep.note(bench.clock.wall(), report);
  CHECK(bench.has("mayfly_sees_cloud 0"));
  CHECK(bench.text().find("mayfly_instances ") == std::string::npos);
}

TEST_CASE("metrics: answers count by their code, and no caller makes a label") {
  MetricsBench bench;
  Answering answering;
  CountingService service(answering, bench.clock, bench.counters.answers);
  answering.answer.status = 201;
  CHECK(service.handle({"POST", "/v1/leases", {}, "", ""}).status == 201);
  answering.answer = problem_response({Code::run_not_live, "over", std::nullopt});
  (void)service.handle({"POST", "/v1/leases", {}, "", ""});
  for (const char* body : {"{\"code\":\"my-own\"}", "{\"code\":7}", "nothing", "[]"}) {
    answering.answer.body = body;
    (void)service.handle({"POST", "/", {}, "", ""});
  }
  CHECK(bench.has("mayfly_answers_total{code=\"ok\"} 1"));
  CHECK(bench.has("mayfly_answers_total{code=\"run-not-live\"} 1"));
  CHECK(bench.has("mayfly_answers_total{code=\"other\"} 4"));
}

TEST_CASE("metrics: calls to others count by whom and by the class of the answer") {
  MetricsBench bench;
  aws::testing::ScriptedTransport wire;
  CountingTransport transport(wire, bench.clock, bench.counters.upstream, "https://api.github.com");
  wire.answer(200, "");
  wire.answer(503, "");
  const SteadyTime deadline = bench.clock.steady() + Seconds{1};
  (void)transport.send({"GET", "https://api.github.com/repos", {}, "", ""}, deadline);
  (void)transport.send({"POST", "https://ec2.us-east-2.amazonaws.com/", {}, "", ""}, deadline);
  CHECK(bench.has("mayfly_upstream_calls_total{to=\"github\",answer=\"2xx\"} 1"));
  CHECK(bench.has("mayfly_upstream_calls_total{to=\"aws\",answer=\"5xx\"} 1"));
}

TEST_CASE("metrics: of leases that this process moved, events, outcomes and times") {
  MetricsBench bench;
  bench.counters.leases.note_stamp({LeaseId{"l-1"}, {}, "no-capacity", ""});
  bench.counters.leases.note_end(Outcome::interrupted);
  report::Journey journey;
  journey.runner = Seconds{50};
  journey.stages = {{report::Stage::boot, Millis{0}, Seconds{12}, true}};
  bench.counters.leases.note_runner(Architecture::arm64, journey);
  CHECK(bench.has("mayfly_lease_events_total{event=\"no-capacity\"} 1"));
  CHECK(bench.has("mayfly_leases_ended_total{outcome=\"interrupted\"} 1"));
  CHECK(bench.has("mayfly_leases_ended_total{outcome=\"job-done\"} 0"));
  CHECK(bench.has("mayfly_time_to_runner_seconds_bucket{architecture=\"arm64\",le=\"60\"} 1"));
  CHECK(bench.has("mayfly_time_to_runner_seconds_count{architecture=\"x86_64\"} 0"));
  CHECK(bench.has("mayfly_stage_seconds_sum{stage=\"boot\"} 12.000"));
  CHECK(bench.text().find("l-1") == std::string::npos);
}

}  // namespace
}  // namespace mayfly::cli
