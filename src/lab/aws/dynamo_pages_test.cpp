#include <doctest/doctest.h>

#include "dynamo/dynamo_ledger.h"
#include "lab/aws/testing_dynamodb.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/testing.h"
#include "pages/operator_pages.h"

namespace mayfly::lab {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::machine_of;
using mayfly::testing::numbered;
using mayfly::testing::wide_caps;
using pages::OperatorPages;

Config some_config() {
  Config config;
  config.deployment = "ci";
  config.public_url = "https://ci.example.org";
  return config;
}

// Those that are not the last `live` have ended.
void make_leases(Ledger& ledger, int count, int live) {
  for (int n = 1; n <= count; ++n) {
    Lease lease = numbered(n);
    lease.actor = n % 2 == 0 ? "ann" : "bob";
    REQUIRE(ledger.reserve({lease}, {{lease.id, k_noon, "asked", "v1"}}, wide_caps(), k_noon));
    if (n > count - live) continue;
    lease.state = LeaseState::gone;
    lease.outcome = Outcome::job_done;
    lease.machine_ended = lease.runner_removed = true;
    MachineRecord machine = machine_of(lease, "i-" + std::to_string(n), k_noon, Money{10'000 + n});
    machine.ended_at = k_noon + Seconds{60};
    REQUIRE(ledger.update(lease, {{lease.id, k_noon + Seconds{60}, "gone", ""}}, machine));
  }
}

Result<HttpResponse> look_at(OperatorPages& pages, const std::string& below) {
  const auto target = parse_target("/" + below);
  return pages.answer(*target, target->path.substr(1));
}

struct Bench {
  testing::TableTransport table;
  testing::LockedEntropy entropy;
  testing::TableClient client{table};
  DynamoLedger ledger{client.table, table.clock, entropy};
  const Config config = some_config();
  OperatorPages pages{config, table.clock, ledger, {}};

  Result<HttpResponse> look(const std::string& below) { return look_at(pages, below); }
  // Calls to DynamoDB that a look costs.
  std::int64_t cost(const std::string& below) {
    const std::int64_t before = table.calls;
    CHECK(look(below));
    return table.calls - before;
  }
  void pass(Millis time) { table.clock.sleep_for(time); }
};

TEST_CASE("pages on a table: they are what they are on a file") {
  Bench bench;
  const auto file = std::move(*SqliteLedger::open(":memory:"));
  OperatorPages pages_on_file(bench.config, bench.table.clock, *file, {});
  make_leases(bench.ledger, 120, 7);
  make_leases(*file, 120, 7);
  for (const std::string& below :
       {std::string(), std::string("leases"), std::string("leases?page=3"),
        std::string("leases?state=live"), std::string("leases?actor=bob"), std::string("times"),
        "leases/" + numbered(1).id.text, "leases/" + numbered(120).id.text}) {
    CAPTURE(below);
    CHECK(bench.look(below)->body == look_at(pages_on_file, below)->body);
  }
}

TEST_CASE("pages on a table: what was read is kept for all viewers") {
  Bench bench;
  make_leases(bench.ledger, 250, 10);
  // The books three times, what lives, the list of the newest, three times 100 of them, two facts.
  CHECK(bench.cost("") == 10);
  for (int viewer = 0; viewer < 20; ++viewer)
    CHECK(bench.cost("") + bench.cost("leases?page=2") + bench.cost("times") == 0);
  bench.pass(Seconds{1});
  CHECK(bench.cost("") == 3);
  CHECK(bench.cost("") == 0);
}

TEST_CASE("pages on a table: what has ended is read once") {
  Bench bench;
  make_leases(bench.ledger, 250, 10);
  (void)bench.look("");
  Lease ended = numbered(250);
  ended.state = LeaseState::gone;
  ended.outcome = Outcome::idle;
  REQUIRE(bench.ledger.update(ended, {}, std::nullopt));
  bench.pass(Seconds{10});
  CHECK(bench.cost("") == 8);
  CHECK(bench.look("leases?outcome=idle")->body.find(ended.id.text) != std::string::npos);
}

TEST_CASE("pages on a table: one lease costs what there is of it, and a fact in ten seconds") {
  Bench bench;
  make_leases(bench.ledger, 250, 10);
  CHECK(bench.cost("leases/" + numbered(1).id.text) == 4);
  CHECK(bench.cost("leases/" + numbered(2).id.text) == 3);
}

TEST_CASE("pages on a table: a table that is throttled is said to be so, until it is not") {
  Bench bench;
  make_leases(bench.ledger, 3, 1);
  bench.table.options.dynamo_throttles = 1000;
  for (const std::string& below : {std::string(), "leases/" + numbered(1).id.text}) {
    const std::int64_t before = bench.table.calls;
    const SteadyTime begun = bench.table.clock.steady();
    const auto page = bench.look(below);
    CHECK(page.error().code == Code::ledger_unavailable);
    CHECK(page.error().message.find("table mayfly: ") == 0);
    CHECK(bench.table.calls - before <= 6);
    CHECK(bench.table.clock.steady() - begun <= Seconds{10});
  }
  bench.table.options.dynamo_throttles = 0;
  CHECK(bench.look(""));
}

}  // namespace
}  // namespace mayfly::lab
