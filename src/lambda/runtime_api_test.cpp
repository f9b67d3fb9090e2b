#include "lambda/runtime_api.h"

#include <doctest/doctest.h>

#include "lambda/function.h"
#include "lambda/testing.h"
#include "service/testing.h"

namespace mayfly::lambda {
namespace {

using namespace testing;
using mayfly::testing::CapturingLog;
using mayfly::testing::FakeClock;

struct Wire final : HttpTransport {
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override {
    sent.push_back(request);
    deadlines.push_back(deadline);
    if (answers.empty()) return fail(Code::transport_not_sent, "the script has ended");
    auto answer = std::move(answers.front());
    answers.erase(answers.begin());
    return answer;
  }
  std::vector<HttpRequest> sent;
  std::vector<SteadyTime> deadlines;
  std::vector<HttpResponse> answers;
};

struct Bench {
  FakeClock clock;
  CapturingLog log;
  Wire wire;
  RuntimeApi runtime{wire, clock, "127.0.0.1:9001"};
  Function function{
      {clock, log}, nullptr, []() -> Result<SweepReport> { return SweepReport{}; }, Seconds{5}};

  void will_invoke(const std::string& event, const std::string& id = "8476a536-e9f4-11e8") {
    const auto ms = epoch_millis(clock.wall()) + 30'000;
    wire.answers.push_back({200,
                            {{"Lambda-Runtime-Aws-Request-Id", id},
                             {"Lambda-Runtime-Deadline-Ms", std::to_string(ms)}},
                            event});
  }
};

TEST_CASE("runtime: the next invocation is waited for without end, and has its deadline") {
  Bench bench;
  bench.will_invoke(k_scheduled);
  const auto invocation = bench.runtime.next();
  REQUIRE(invocation);
  CHECK(bench.wire.sent[0].url == "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next");
  CHECK(bench.wire.deadlines[0] - bench.clock.steady() > std::chrono::hours{24 * 30});
  CHECK(invocation->id == "8476a536-e9f4-11e8");
  CHECK(invocation->deadline - bench.clock.steady() == Seconds{30});
  CHECK(invocation->event == k_scheduled);
}

TEST_CASE("runtime: each invocation is answered before the next one is asked for") {
  Bench bench;
  for (int i = 0; i < 2; ++i) {
    bench.will_invoke(k_scheduled);
    bench.wire.answers.push_back({202, {}, ""});
  }
  const Error end = serve(bench.runtime, bench.function, bench.log);
  CHECK(end.code == Code::lambda_runtime);
  REQUIRE(bench.wire.sent.size() == 5);
  for (const std::size_t post : {1, 3}) {
    CHECK(bench.wire.sent[post].method == "POST");
    CHECK(bench.wire.sent[post].url.ends_with("/invocation/8476a536-e9f4-11e8/response"));
  }
}

TEST_CASE("runtime: an event that is refused is reported as the invocation's error, by its code") {
  Bench bench;
  bench.will_invoke("{}");
  bench.wire.answers.push_back({202, {}, ""});
  (void)serve(bench.runtime, bench.function, bench.log);
  const HttpRequest& report = bench.wire.sent.at(1);
  CHECK(report.url.ends_with("/invocation/8476a536-e9f4-11e8/error"));
  CHECK(report.headers.find("Lambda-Runtime-Function-Error-Type") == "Mayfly.lambda-event-unknown");
  CHECK(report.body.find("\"errorType\":\"lambda-event-unknown\"") != std::string::npos);
  CHECK(report.body.find("\"stackTrace\":[]") != std::string::npos);
}

TEST_CASE("runtime: a start that failed is reported before anything is asked for") {
  Bench bench;
  bench.wire.answers.push_back({202, {}, ""});
  CHECK(bench.runtime.report_failed_start({Code::config_invalid, "line 3"}));
  CHECK(bench.wire.sent[0].url == "http://127.0.0.1:9001/2018-06-01/runtime/init/error");
  CHECK(bench.wire.sent[0].body.find("config-invalid") != std::string::npos);
}

TEST_CASE("runtime: a refusal by the runtime API ends the loop, whichever call it was") {
  for (const int status : {403, 413, 500}) {
    Bench bench;
    bench.wire.answers.push_back({status, {}, ""});
    CHECK(serve(bench.runtime, bench.function, bench.log).code == Code::lambda_runtime);
    CHECK(bench.wire.sent.size() == 1);
    Bench later;
    later.will_invoke(k_scheduled);
    later.wire.answers.push_back({status, {}, ""});
    CHECK(serve(later.runtime, later.function, later.log).code == Code::lambda_runtime);
    CHECK(later.wire.sent.size() == 2);
  }
}

TEST_CASE("runtime: an id that is no id never becomes part of a URL") {
  for (const char* id : {"", "../../init/error", "a b", "x"}) {
    Bench bench;
    bench.will_invoke(k_scheduled, id);
    CHECK_FALSE(bench.runtime.next());
  }
}

}  // namespace
}  // namespace mayfly::lambda
