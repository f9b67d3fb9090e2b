#include <doctest/doctest.h>

#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const std::string k_body =
    R"({"repository":"octo/repo","run_id":42,"runners":[{"architecture":"x86_64"}]})";

// An Api whose next v1 ask gets a machine.
struct WaitBench : ApiBench {
  explicit WaitBench(Config a_config = small_config()) : ApiBench(std::move(a_config)) {
    github_wire.answer(200, github::run_json(42));
    answer_with_machine();
  }
  // What happens while the request waits, at its n-th look.
  void after_looks(int n, LeaseState state, Outcome outcome = Outcome::none) {
    clock.on_sleep = [this, n, state, outcome] {
      if (++looks_ != n) return;
      Lease lease = ledger->recent(1)->at(0);
      lease.state = state;
      lease.outcome = outcome;
      (void)ledger->update(lease, {}, std::nullopt);
    };
  }
  HttpResponse ask(const std::string& query = "?wait=online&timeout=10") {
    return send(post("/v1/leases" + query, k_body));
  }

 private:
  int looks_ = 0;
};

TEST_CASE("api: who waits is answered once the runner is online") {
  for (const LeaseState state : {LeaseState::online, LeaseState::busy}) {
    WaitBench bench;
    bench.after_looks(3, state);
    const SteadyTime asked = bench.clock.steady();
    const HttpResponse answer = bench.ask();
    CHECK(answer.status == 201);
    CHECK(bench.clock.steady() - asked == Millis{1500});
  }
}

TEST_CASE("api: who waits too short is told so, and where to look; the lease goes on") {
  WaitBench bench;
  const SteadyTime asked = bench.clock.steady();
  const HttpResponse answer = bench.ask();
  CHECK(answer.status == 504);
  const json::object problem = object_of(answer);
  CHECK(text_of(problem, "code") == "wait-timeout");
  const Lease lease = bench.ledger->recent(1)->at(0);
  CHECK(text_of(problem, "detail").find("/v1/leases/" + lease.id.text) != std::string::npos);
  CHECK(bench.clock.steady() - asked <= Seconds{10});
  CHECK(lease.state == LeaseState::booting);
}

TEST_CASE("api: who does not ask to wait is answered at once") {
  WaitBench bench;
  bench.clock.on_sleep = [] { FAIL("it waited"); };
  CHECK(bench.ask("").status == 201);
}

TEST_CASE("api: a lease that ends meanwhile ends the waiting, with its outcome in words") {
  WaitBench bench;
  bench.after_looks(2, LeaseState::ending, Outcome::boot_failed);
  const HttpResponse answer = bench.ask();
  CHECK(answer.status == 503);
  CHECK(text_of(object_of(answer), "code") == "boot-failed");
  CHECK(text_of(object_of(answer), "detail").find("boot-failed") != std::string::npos);
}

TEST_CASE(
    "api: a quarter of the workers may wait; one more is told to poll, and others are served") {
  Config config = small_config();
  config.listen.workers = 8;
  WaitBench bench(config);
  int waiting = 0;
  std::vector<int> statuses;
  bench.clock.on_sleep = [&] {
    if (++waiting > 2) return;
    // A second request comes while the first waits, and a third while the second does.
    bench.github_wire.answer(200, github::run_json(42));
    const HttpResponse other = bench.ask("?wait=online&timeout=1");
    statuses.push_back(other.status);
    if (other.status == 503) {
      CHECK(text_of(object_of(other), "code") == "overloaded");
      CHECK(header_of(other, "Retry-After") == "5");
      CHECK(bench.send({"GET", "/v1/leases/l-00000000000000000000", {}, "", ""}).status == 404);
    }
  };
  CHECK(bench.ask("?wait=online&timeout=1").status == 504);
  CHECK(statuses == std::vector<int>{503, 504});

  // Who has waited gives the place back.
  bench.clock.on_sleep = nullptr;
  bench.github_wire.answer(200, github::run_json(42));
  CHECK(bench.ask("?wait=online&timeout=1").status == 504);
}

}  // namespace
}  // namespace mayfly
