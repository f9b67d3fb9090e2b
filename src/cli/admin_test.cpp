#include "cli/admin.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "cli/metrics.h"
#include "service/testing.h"

namespace mayfly::cli {
namespace {

struct AdminBench : testing::Service {
  LastSweep last_sweep;
  Counters counters;
  Admin admin{config, clock, *ledger, last_sweep, counters};

  HttpResponse get(const std::string& target) { return admin.handle({"GET", target, {}, "", ""}); }
  // A sweep that saw so many instances; -1: it could not see the cloud.
  void sweep(int instances, std::vector<std::string> problems = {}) {
    SweepReport report;
    report.instances = instances;
    report.problems = std::move(problems);
    last_sweep.note(clock.wall(), report);
  }
};

json::object body_of(const HttpResponse& response) {
  return parse_json(response.body).value().get_object();
}

TEST_CASE("admin: before its first sweep the service is not healthy") {
  AdminBench bench;
  const HttpResponse answer = bench.get("/healthz");
  CHECK(answer.status == 503);
  CHECK(json_bool(body_of(answer), "healthy") == false);
  CHECK_FALSE(body_of(answer).contains("last_sweep_at"));
}

TEST_CASE(
    "admin: with a sweep that was on time and saw the cloud it is healthy, and says figures") {
  AdminBench bench;
  Lease lease;
  lease.id = LeaseId{"l-00000000000000000001"};
  REQUIRE(bench.ledger->reserve({lease}, {}, {9, 9, 9, Money{1}, Money{1}}, bench.clock.wall()));
  bench.sweep(2, {"list runners: GitHub is slow"});
  const HttpResponse answer = bench.get("/healthz");
  CHECK(answer.status == 200);
  const json::object body = body_of(answer);
  CHECK(json_bool(body, "healthy") == true);
  CHECK(json_int(body, "instances") == 2);
  CHECK(json_int(body, "leases_live") == 1);
  CHECK(json_int(body, "machines_launched") == 0);
  CHECK(json_string(body, "last_sweep_at") == iso8601_millis(bench.clock.wall()));
  CHECK(body.at("problems") == json::array{"list runners: GitHub is slow"});
}

TEST_CASE("admin: a sweep that could not see the cloud is not health") {
  AdminBench bench;
  bench.sweep(-1);
  CHECK(bench.get("/healthz").status == 503);
}

TEST_CASE("admin: a sweep that is late is not health, until the next one") {
  AdminBench bench;
  bench.sweep(0);
  const Millis late = bench.config.sweep_every * 3 + Seconds{60};
  bench.clock.advance(late - Millis{1});
  CHECK(bench.get("/healthz").status == 200);
  bench.clock.advance(Millis{1});
  CHECK(bench.get("/healthz").status == 503);
  bench.sweep(0);
  CHECK(bench.get("/healthz").status == 200);
}

TEST_CASE("admin: metrics are text in Prometheus's form") {
  AdminBench bench;
  const HttpResponse answer = bench.get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.headers.find("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body.find("\nmayfly_ledger_up 1\n") != std::string::npos);
  CHECK(bench.admin.handle({"POST", "/metrics", {}, "", ""}).status == 405);
}

TEST_CASE("admin: the dashboard is the operator's, and health is everybody's") {
  AdminBench bench;
  Admin guarded{bench.config,     bench.clock,    *bench.ledger,
                bench.last_sweep, bench.counters, Secret("correct horse battery")};
  const HttpRequest root{"GET", "/", {{"Host", "localhost:8081"}}, "", ""};
  CHECK(bench.admin.handle(root).status == 200);
  CHECK(bench.get("/").status == 401);
  CHECK(guarded.handle(root).status == 401);
  bench.sweep(0);
  CHECK(guarded.handle({"GET", "/healthz", {}, "", ""}).status == 200);
}

TEST_CASE("admin: there is nothing else") {
  AdminBench bench;
  for (const char* target : {"/healthz/", "/metrics/", "/v1/leases"}) {
    const HttpResponse answer =
        bench.admin.handle({"GET", target, {{"Host", "127.0.0.1"}}, "", ""});
    CHECK_MESSAGE(answer.status == 404, std::string(target));
    CHECK(json_string(body_of(answer), "code") == "no-such-path");
  }
}

TEST_CASE("admin: health is asked with GET or HEAD") {
  AdminBench bench;
  bench.sweep(0);
  CHECK(bench.admin.handle({"HEAD", "/healthz", {}, "", ""}).status == 200);
  for (const char* method : {"POST", "DELETE", "get"})
    CHECK(bench.admin.handle({method, "/healthz", {}, "", ""}).status == 405);
}

}  // namespace
}  // namespace mayfly::cli
