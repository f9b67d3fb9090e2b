// Limits on ourselves: what floods of requests are told, what they cost GitHub, and the log.

#include <doctest/doctest.h>

#include "base/digest.h"
#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

std::string ask_for(RunId id) {
  return R"({"repository":"octo/repo","run_id":)" + std::to_string(id) +
         R"(,"runners":[{"architecture":"arm64"}]})";
}

Config with_asks(int per_minute, int per_prefix) {
  Config config = small_config();
  config.asks = {.per_minute = per_minute, .per_minute_per_prefix = per_prefix};
  return config;
}

HttpRequest from(std::string peer, HttpRequest request) {
  request.peer = std::move(peer);
  return request;
}

std::string code_in(const HttpResponse& response) { return text_of(object_of(response), "code"); }

TEST_CASE("api: a flood of asks for runs that are not there is refused and costs what is let in") {
  ApiBench bench(with_asks(100, 5));
  for (RunId id = 1; id <= 1000; ++id) {
    bench.github_wire.script.clear();
    bench.github_wire.answer(404, "{}");
    const HttpResponse answer = bench.send(from("192.0.2.7", post("/v1/leases", ask_for(id))));
    CHECK(answer.status == (id <= 5 ? 404 : 429));
    if (id > 5) CHECK(code_in(answer) == "limit-asks");
    if (id > 5) CHECK(header_of(answer, "Retry-After") == "12");
  }
  CHECK(bench.github_wire.sent.size() == 5);
  bench.github_wire.script.clear();
  bench.github_wire.answer(200, github::run_json(42));
  bench.answer_with_machine();
  CHECK(bench.send(from("198.51.100.7", post("/v1/leases", ask_for(42)))).status == 201);
}

TEST_CASE("api: creates, destroys and deletions draw on one bucket, and nothing else does") {
  const std::string destroy = R"({"operation":"destroy","label":")" + k_seed_label + "\"}";
  const std::string create =
      R"({"operation":"create","architecture":"arm64","label":")" + k_seed_label + "\"}";
  const std::string lease = "/v1/leases/l-00000000000000000000";
  const HttpRequest deletion{"DELETE", lease, {}, "", "192.0.2.7"};
  const std::vector<HttpRequest> costly = {post("/", create), post("/", destroy),
                                           post("/v1/leases", ask_for(1)), deletion};
  for (const HttpRequest& first : costly) {
    for (const HttpRequest& second : costly) {
      ApiBench bench(with_asks(10, 1));
      bench.github_wire.answer(500, "{}");
      CHECK(bench.send(first).status != 429);
      const int rings = bench.doorbell.rings;
      CHECK(code_in(bench.send(second)) == "limit-asks");
      CHECK(bench.doorbell.rings == rings);
    }
  }
  ApiBench bench(with_asks(1, 1));
  for (int i = 0; i < 20; ++i) {
    CHECK(bench.send({"GET", lease, {}, "", "192.0.2.7"}).status == 404);
    CHECK(bench.send(post("/v1/leases", "{}")).status == 400);
    CHECK(bench.send(post("/", "{}")).status == 400);
    CHECK(bench.send({"DELETE", "/v1/leases/*", {}, "", "192.0.2.7"}).status == 404);
    CHECK(bench.send(post_as_machine(lease + "/events", R"({"event":"booted"})")).status == 403);
  }
  CHECK(bench.send(deletion).status == 404);
  CHECK(bench.send(deletion).status == 429);
}

TEST_CASE("api: strangers behind a machine's own address cannot keep its claim and events out") {
  ApiBench bench(with_asks(50, 2));
  const Lease lease = bench.one_lease();
  const std::string target = "/v1/leases/" + lease.id.text + "/events";
  const std::string claim = R"({"lease":")" + lease.id.text + R"(","instance_id":")" +
                            lease.launch.instance_id.text + R"(","claim_key":")" + k_claim_key +
                            "\"}";
  const std::string wrong(32, '0');
  for (int i = 0; i < 3000; ++i) {
    CHECK(bench.send(post_as_machine("/v1/claims", claim, wrong)).status == 403);
    CHECK(bench.send(post_as_machine(target, R"({"event":"booted"})", wrong)).status == 403);
  }
  // The nonce that the machine has stands in the fleet's request.
  Lease known = lease;
  known.launch.nonce_sha256 = sha256_hex(k_nonce);
  REQUIRE(bench.ledger->update(known, {}, std::nullopt));
  const auto reported = bench.send(post_as_machine(target, R"({"event":"claiming"})"));
  CHECK(reported.status == 204);
  CHECK(code_in(bench.send(post_as_machine("/v1/claims", claim))) != "claim-refused");
}

TEST_CASE("api: a flood of refusals is counted in the log and does not fill it") {
  ApiBench bench(with_asks(50, 2));
  const std::string wrong(32, '0');
  const std::string claim = R"({"lease":"l-00000000000000000000","instance_id":"i-0a",)"
                            R"("claim_key":")" +
                            k_claim_key + "\"}";
  for (int i = 0; i < 20'000; ++i) {
    (void)bench.send(post("/", "{}"));
    (void)bench.send(post_as_machine("/v1/claims", claim, wrong));
    (void)bench.send({"GET", "/v1/leases/l-00000000000000000000", {}, "", "192.0.2.7"});
  }
  CHECK(bench.log.lines.size() < 1000);
  CHECK(bench.log.lines.size() > 500);
  bench.clock.sleep_for(Seconds{60});
  (void)bench.send(post("/", "{}"));
  REQUIRE(bench.log.lines.size() >= 2);
  CHECK(bench.log.lines[bench.log.lines.size() - 2].event == "lines-left-out");
  CHECK(bench.log.lines[bench.log.lines.size() - 2].fields.at("count") == "59400");
  CHECK(bench.log.lines.back().event == "request");
}

TEST_CASE("api: what changes something is always in the log, however many refusals there are") {
  ApiBench bench(with_asks(50, 50));
  for (int i = 0; i < 5'000; ++i) (void)bench.send(post("/", "{}"));
  const std::size_t before = bench.log.lines.size();
  (void)bench.one_lease();
  bool is_there = false;
  for (std::size_t i = before; i < bench.log.lines.size(); ++i)
    is_there = is_there || (bench.log.lines[i].event == "request" &&
                            bench.log.lines[i].fields.at("status") == "200");
  CHECK(is_there);
}

}  // namespace
}  // namespace mayfly
