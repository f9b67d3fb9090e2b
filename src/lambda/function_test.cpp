#include "lambda/function.h"

#include <doctest/doctest.h>

#include <deque>

#include "lambda/testing.h"
#include "service/testing.h"

namespace mayfly::lambda {
namespace {

using namespace testing;
using mayfly::testing::CapturingLog;
using mayfly::testing::FakeClock;

class EchoService final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    seen.push_back(request);
    return {201, {}, "made"};
  }
  std::vector<HttpRequest> seen;
};

struct Bench {
  FakeClock clock;
  CapturingLog log;
  EchoService api;
  std::deque<SweepReport> reports;  // the last one for ever
  int sweeps = 0;
  Function function{{clock, log},
                    &api,
                    [this]() -> Result<SweepReport> {
                      ++sweeps;
                      const SweepReport report = reports.front();
                      if (reports.size() > 1) reports.pop_front();
                      return report;
                    },
                    Seconds{5},
                    [this](const InstanceId& instance) -> Status {
                      CHECK(sweeps == 0);
                      interrupted.push_back(instance.text);
                      return noting;
                    }};
  std::vector<std::string> interrupted;
  Status noting;

  Bench() { reports.push_back({}); }
  Result<std::string> invoke(const std::string& event, Millis left = Seconds{150}) {
    return function.handle({"1-2", event, clock.steady() + left});
  }
};

SweepReport with_leases(int n) {
  SweepReport report;
  report.leases = n;
  return report;
}

TEST_CASE("function: hints are worked off after the API's answer, and only after requests") {
  Bench bench;
  int worked_off = 0;
  Function function(
      {bench.clock, bench.log}, &bench.api, [&]() -> Result<SweepReport> { return SweepReport{}; },
      Seconds{5}, {},
      [&](SteadyTime until) {
        CHECK(bench.api.seen.size() == 1);
        CHECK(until - bench.clock.steady() <= Seconds{8});  // GitHub waits for ten
        ++worked_off;
      });
  REQUIRE(function.handle({"1", request_event("POST", "/", "{}"), bench.clock.steady()}));
  CHECK(worked_off == 1);
  REQUIRE(function.handle({"2", k_scheduled, bench.clock.steady() + Seconds{150}}));
  CHECK(worked_off == 1);
}

TEST_CASE("function: a request goes to the API, and never makes it sweep") {
  Bench bench;
  const auto answer = bench.invoke(request_event("POST", "/", "{}"));
  REQUIRE(answer);
  CHECK(answer->find("\"statusCode\":201") != std::string::npos);
  CHECK(bench.api.seen.size() == 1);
  CHECK(bench.sweeps == 0);
}

TEST_CASE("function: without a live lease a schedule is one sweep and no waiting") {
  Bench bench;
  const SteadyTime before = bench.clock.steady();
  REQUIRE(bench.invoke(k_scheduled));
  CHECK(bench.sweeps == 1);
  CHECK(bench.clock.steady() == before);
}

TEST_CASE("function: while leases live a schedule sweeps until the next one comes") {
  Bench bench;
  bench.reports = {with_leases(1)};
  const SteadyTime before = bench.clock.steady();
  REQUIRE(bench.invoke(k_scheduled));
  CHECK(bench.sweeps == 11);
  CHECK(bench.clock.steady() - before < Seconds{60});
}

TEST_CASE("function: it goes back to sleep once the last lease is gone") {
  Bench bench;
  bench.reports = {with_leases(2), with_leases(1), with_leases(0)};
  REQUIRE(bench.invoke(k_scheduled));
  CHECK(bench.sweeps == 3);
}

TEST_CASE("function: a sweep that had trouble is repeated, lease or no lease") {
  Bench bench;
  SweepReport trouble;
  trouble.problems = {"EC2 does not answer"};
  bench.reports = {trouble, SweepReport{}};
  REQUIRE(bench.invoke(k_scheduled));
  CHECK(bench.sweeps == 2);
}

TEST_CASE("function: no sweep begins that Lambda could cut off at the deadline") {
  Bench bench;
  bench.reports = {with_leases(1)};
  const SteadyTime deadline = bench.clock.steady() + Seconds{45};
  REQUIRE(bench.invoke(k_scheduled, Seconds{45}));
  CHECK(bench.sweeps > 1);
  CHECK(bench.clock.steady() + Seconds{30} <= deadline);
}

TEST_CASE("function: a spot interruption is noted, whether or not it can be, and looked at once") {
  for (const bool is_ledger_up : {true, false}) {
    Bench bench;
    if (!is_ledger_up) bench.noting = fail(Code::ledger_unavailable, "away");
    REQUIRE(bench.invoke(interruption("i-0123456789abcdef0")));
    CHECK(bench.interrupted == std::vector<std::string>{"i-0123456789abcdef0"});
    CHECK(bench.sweeps == 1);
  }
}

TEST_CASE("function: an unknown event is an error of its own, and nothing is done") {
  Bench bench;
  const auto answer = bench.invoke(R"({"key1":"value1"})");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::lambda_event_unknown);
  CHECK(bench.sweeps == 0);
  CHECK(bench.api.seen.empty());
}

TEST_CASE("function: one that only sweeps refuses requests") {
  Bench bench;
  Function enforcer(
      {bench.clock, bench.log}, nullptr, []() -> Result<SweepReport> { return SweepReport{}; },
      Seconds{5});
  const auto answer = enforcer.handle({"1", request_event("POST", "/", "{}"), {}});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::lambda_event_unknown);
}

}  // namespace
}  // namespace mayfly::lambda
