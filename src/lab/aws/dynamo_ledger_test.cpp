#include "dynamo/dynamo_ledger.h"

#include <doctest/doctest.h>

#include <thread>

#include "lab/aws/testing_dynamodb.h"
#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;
using lab::testing::LockedEntropy;
using lab::testing::TableClient;
using lab::testing::TableTransport;

// A ledger with a client of its own, as another process has it.
struct Server {
  explicit Server(TableTransport& transport, std::uint64_t seed = 1)
      : entropy(seed), client(transport), ledger(client.table, transport.clock, entropy) {}

  LockedEntropy entropy;
  TableClient client;
  DynamoLedger ledger;
};

// Tries to reserve so many leases, each on its own, and counts those that it got.
int reserve_many(Ledger& ledger, int first, int count, const Caps& caps) {
  int got = 0;
  for (int n = first; n < first + count; ++n) {
    const auto reserved = ledger.reserve({numbered(n)}, {}, caps, k_noon);
    if (reserved)
      ++got;
    else if (reserved.error().code != Code::limit_machines)
      return -100'000;
  }
  return got;
}

TEST_CASE("dynamo ledger: many that race for the last places never pass a cap together") {
  TableTransport transport;
  Server one(transport, 1);
  Server two(transport, 2);
  Caps caps = wide_caps();
  caps.machines = 60;
  constexpr int k_tries = 1000;
  int got_one = 0;
  std::thread rival([&] { got_one = reserve_many(one.ledger, 10'000, k_tries, caps); });
  const int got_two = reserve_many(two.ledger, 20'000, k_tries, caps);
  rival.join();
  CHECK(got_one >= 0);
  CHECK(got_one + got_two == 60);
  CHECK(one.ledger.live().value().size() == 60);
  CHECK(one.ledger.audit().value().leases == 60);
}

TEST_CASE("dynamo ledger: of two that race to update one version exactly one wins each round") {
  TableTransport transport;
  Server one(transport, 1);
  Server two(transport, 2);
  REQUIRE(one.ledger.reserve({numbered(1)}, {}, wide_caps(), k_noon));
  Lease lease = numbered(1);
  for (int round = 0; round < 50; ++round) {
    bool rival_won = false;
    std::thread rival([&] { rival_won = one.ledger.update(lease, {}, {}).has_value(); });
    const auto mine = two.ledger.update(lease, {}, {});
    rival.join();
    CHECK(mine.has_value() != rival_won);
    lease.version += 1;
  }
  CHECK(one.ledger.find(lease.id).value().value().version == 50);
}

TEST_CASE("dynamo ledger: lost calls and answers double nothing and lose nothing") {
  TableTransport transport;
  transport.losses = {5, 10};
  Server server(transport);
  constexpr int k_leases = 40;
  for (int n = 1; n <= k_leases; ++n) {
    const LeaseEvent asked{numbered(n).id, k_noon, "asked", ""};
    const auto reserved = server.ledger.reserve({numbered(n)}, {asked}, wide_caps(), k_noon);
    REQUIRE(reserved);
    CHECK(reserved->front().is_new);
    const LeaseEvent seen{numbered(n).id, k_noon, "seen", ""};
    const MachineRecord machine =
        machine_of(numbered(n), "i-" + std::to_string(n), k_noon, Money{10});
    const auto updated = server.ledger.update(numbered(n), {seen}, machine);
    REQUIRE(updated);
    CHECK(updated->version == 1);
    REQUIRE(server.ledger.append({numbered(n).id, k_noon, "told", ""}));
  }
  const Audit audit = server.ledger.audit().value();
  CHECK(audit.leases == k_leases);
  CHECK(audit.leases_live == k_leases);
  CHECK(audit.launched == k_leases);
  CHECK(audit.spent == Money{10 * k_leases});
  CHECK(server.ledger.live().value().size() == k_leases);
  for (int n = 1; n <= k_leases; ++n)
    CHECK(server.ledger.events(numbered(n).id).value().size() == 3);
}

TEST_CASE("dynamo ledger: when no answer comes at all it says so, and the next read tells") {
  TableTransport transport;
  Server server(transport);
  REQUIRE(server.ledger.reserve({numbered(1)}, {}, wide_caps(), k_noon));
  transport.losses = {0, 100};
  CHECK(server.ledger.live().error().code == Code::ledger_unavailable);
  CHECK(server.ledger.update(numbered(1), {}, {}).error().code == Code::ledger_unavailable);
  CHECK(server.ledger.set_fact("a", "b").error().code == Code::ledger_unavailable);
  transport.losses = {};
  CHECK(server.ledger.fact("a").value() == "b");
}

TEST_CASE("dynamo ledger: throttling, conflicts, open keys and stale reads are waited out") {
  TableTransport transport;
  transport.options.dynamo_staleness = std::chrono::hours{1};
  Server server(transport);
  for (int n = 1; n <= 120; ++n) {
    transport.options.dynamo_throttles = n % 4;
    transport.options.dynamo_conflicts = n % 3;
    REQUIRE(server.ledger.reserve({numbered(n)}, {}, wide_caps(), k_noon).value().front().is_new);
  }
  transport.options.dynamo_unprocessed = 3;
  CHECK(server.ledger.live().value().size() == 120);
  transport.options.dynamo_throttles = 1000;
  CHECK(server.ledger.live().error().code == Code::ledger_unavailable);
}

TEST_CASE("dynamo ledger: what mayfly cannot have written is refused, not taken for absent") {
  TableTransport transport;
  Server server(transport);
  REQUIRE(server.ledger.reserve({numbered(1)}, {}, wide_caps(), k_noon));
  const SteadyTime never{Seconds{1'000'000}};
  const std::string pk = "lease#" + numbered(1).id.text;
  REQUIRE(server.client.table.transact({"t1", {aws::Write::put({{"pk", pk}, {"sk", "lease"}})}},
                                       never));
  CHECK(server.ledger.find(numbered(1).id).error().code == Code::ledger_unavailable);
  CHECK(server.ledger.live().error().code == Code::ledger_unavailable);
  REQUIRE(server.client.table.transact({"t2", {aws::Write::remove({pk, "lease"})}}, never));
  CHECK(server.ledger.live().error().code == Code::ledger_unavailable);  // the books know it
  REQUIRE(server.client.table.transact(
      {"t3",
       {aws::Write::put(
           {{"pk", "books"}, {"sk", "books"}, {"books", "{}"}, {"rev", std::int64_t{1}}})}},
      never));
  CHECK(server.ledger.audit().error().code == Code::ledger_unavailable);
  CHECK(server.ledger.reserve({numbered(2)}, {}, wide_caps(), k_noon).error().code ==
        Code::ledger_unavailable);
}

TEST_CASE("dynamo ledger: more leases than one transaction takes are refused, and none is kept") {
  TableTransport transport;
  Server server(transport);
  std::vector<Lease> many;
  for (int n = 1; n <= 100; ++n) many.push_back(numbered(n));
  CHECK(server.ledger.reserve(many, {}, wide_caps(), k_noon).error().code == Code::limit_run);
  CHECK(server.ledger.live().value().empty());
  CHECK(server.ledger.recent(200).value().empty());
  many.resize(99);
  CHECK(server.ledger.reserve(many, {}, wide_caps(), k_noon).value().size() == 99);
  CHECK(server.ledger.live().value().size() == 99);
}

// Asks for so many new leases with three stamps each, as an ask for a matrix does.
Result<std::vector<Reservation>> ask_for_many(Ledger& ledger, int count, Millis later = {}) {
  std::vector<Lease> leases;
  std::vector<LeaseEvent> events;
  for (int n = 1; n <= count; ++n) {
    leases.push_back(numbered(n));
    leases.back().created_at += later;
    for (const char* name : {"asked", "verified", "reserved"})
      events.push_back({leases.back().id, k_noon, name, std::to_string(n)});
  }
  return ledger.reserve(leases, events, wide_caps(), k_noon);
}

TEST_CASE("dynamo ledger: what one transaction cannot take is found by all that points at it") {
  for (const int count : {1, 33, 34, 50, 99}) {
    CAPTURE(count);
    TableTransport transport;
    transport.losses = {3, 4};
    Server server(transport);
    REQUIRE(ask_for_many(server.ledger, count));
    CHECK(server.ledger.recent(200).value().size() == static_cast<std::size_t>(count));
    CHECK(server.ledger.audit().value().leases == count);
    for (int n = 1; n <= count; ++n) {
      const Lease lease = numbered(n);
      CHECK(numbers_of(server.ledger.find_by_label(lease.repository, lease.label).value()) ==
            std::vector<int>{n});
      const auto stamps = server.ledger.events(lease.id).value();
      REQUIRE(stamps.size() == 3);
      CHECK(stamps.front().name == "asked");
      CHECK(stamps.back().name == "reserved");
      CHECK(stamps.back().detail == std::to_string(n));
    }
  }
}

TEST_CASE("dynamo ledger: of an ask that ends before it is decided nothing is there") {
  for (const int calls : {1, 2, 3}) {
    CAPTURE(calls);
    TableTransport transport;
    Server server(transport);
    REQUIRE(server.ledger.reserve({numbered(200)}, {}, wide_caps(), k_noon));
    transport.answered_until = transport.calls + calls;
    CHECK(ask_for_many(server.ledger, 99).error().code == Code::ledger_unavailable);
    transport.answered_until.reset();
    CHECK(numbers_of(server.ledger.recent(500).value()) == std::vector<int>{200});
    CHECK(server.ledger.audit().value().leases == 1);
    CHECK(server.ledger.find_by_label(numbered(1).repository, numbered(1).label).value().empty());
    CHECK(server.ledger.events(numbered(1).id).value().empty());

    REQUIRE(ask_for_many(server.ledger, 99, Seconds{1}));  // and is pointed at twice
    CHECK(server.ledger.recent(500).value().size() == 100);
    CHECK(server.ledger.events(numbered(1).id).value().size() == 3);
  }
}

TEST_CASE("dynamo ledger: a run that a seed lease moves to has its label, the former no longer") {
  TableTransport transport;
  Server server(transport);
  const auto ask = [&](int n, RunId run) {
    return server.ledger.reserve({numbered_seed(n, run, Architecture::x86_64)}, {}, wide_caps(),
                                 k_noon);
  };
  Lease moved = ask(1, 42).value().front().lease;
  moved.run_id = 43;
  REQUIRE(server.ledger.update(moved, {}, {}));
  CHECK(ask(2, 43).error().code == Code::lease_conflict);
  CHECK(ask(2, 42));
}

class DynamoStore final : public LedgerStore {
 public:
  std::unique_ptr<Ledger> open() override {
    servers_.push_back(std::make_unique<Server>(transport_, servers_.size() + 1));
    Server& server = *servers_.back();
    return std::make_unique<DynamoLedger>(server.client.table, transport_.clock, server.entropy);
  }

 private:
  TableTransport transport_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace

namespace testing {

std::span<const LedgerKind> ledger_kinds() {
  static constexpr LedgerKind k_kinds[] = {{"dynamodb", []() -> std::unique_ptr<LedgerStore> {
                                              return std::make_unique<DynamoStore>();
                                            }}};
  return k_kinds;
}

}  // namespace testing
}  // namespace mayfly
