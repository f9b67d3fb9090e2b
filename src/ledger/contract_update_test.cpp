#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;

Lease reserved(Ledger& ledger, int n) {
  auto reservation = ledger.reserve({numbered(n)}, {}, wide_caps(), k_noon);
  REQUIRE(reservation);
  return reservation->front().lease;
}

LeaseEvent stamp(const Lease& lease, const std::string& name, WallTime at = k_noon) {
  return {lease.id, at, name, ""};
}

std::vector<std::string> names_of(const std::vector<LeaseEvent>& events) {
  std::vector<std::string> names;
  for (const LeaseEvent& event : events) names.push_back(event.name);
  return names;
}

MachineRecord the_machine(Ledger& ledger, const LeaseId& id) {
  const auto machines = ledger.machines(id).value();
  REQUIRE(machines.size() == 1);
  return machines.front();
}

TEST_CASE("ledger: every field of a lease survives being reserved and read") {
  CHECK(fields(filled<Lease>()).size() == 50);
  const auto empty = fields(Lease{});
  const auto full = fields(filled<Lease>());
  for (std::size_t i = 0; i < full.size(); ++i) CHECK(full[i] != empty[i]);
  on_each_ledger([](Ledger& ledger) {
    const Lease lease = filled<Lease>();
    REQUIRE(ledger.reserve({lease}, {}, Caps{9, 9, 9, Money{INT64_MAX}, Money{INT64_MAX}}, k_noon));
    CHECK(fields(ledger.find(lease.id).value().value()) == fields(lease));
  });
}

TEST_CASE("ledger: every field of a lease survives an update, and an optional one can be unset") {
  on_each_ledger([](Ledger& ledger) {
    const Lease before = reserved(ledger, 1);
    Lease lease = filled<Lease>();
    lease.id = before.id;
    lease.version = before.version;
    const Lease written = ledger.update(lease, {}, std::nullopt).value();
    lease.version = before.version + 1;
    CHECK(fields(written) == fields(lease));
    CHECK(fields(ledger.find(lease.id).value().value()) == fields(lease));

    Lease plain = before;
    plain.version = written.version;
    REQUIRE(ledger.update(plain, {}, std::nullopt));
    plain.version += 1;
    CHECK(fields(ledger.find(lease.id).value().value()) == fields(plain));
  });
}

TEST_CASE("ledger: no two flags of a lease are taken for each other") {
  on_each_ledger([](Ledger& ledger) {
    Lease lease = reserved(ledger, 1);
    const std::size_t count = flags_of(lease).size();
    CHECK(count == 9);
    for (std::size_t i = 0; i < count; ++i) {
      for (bool* flag : flags_of(lease)) *flag = false;
      *flags_of(lease)[i] = true;
      lease = ledger.update(lease, {}, std::nullopt).value();
      CHECK(fields(ledger.find(lease.id).value().value()) == fields(lease));
    }
  });
}

TEST_CASE("ledger: every state, outcome and source that a lease can have is read back") {
  on_each_ledger([](Ledger& ledger) {
    Lease lease = reserved(ledger, 1);
    for (int i = 0; i <= static_cast<int>(LeaseState::gone); ++i) {
      lease.state = static_cast<LeaseState>(i);
      lease = ledger.update(lease, {}, std::nullopt).value();
      CHECK(ledger.find(lease.id).value().value().state == lease.state);
    }
    for (int i = 0; i <= static_cast<int>(Outcome::interrupted); ++i) {
      lease.outcome = static_cast<Outcome>(i);
      lease = ledger.update(lease, {}, std::nullopt).value();
      CHECK(ledger.find(lease.id).value().value().outcome == lease.outcome);
    }
  });
}

TEST_CASE("ledger: an update raises the version by one and writes its events with it") {
  on_each_ledger([](Ledger& ledger) {
    Lease lease = reserved(ledger, 1);
    lease.reason = "why";
    const Lease written =
        ledger.update(lease, {stamp(lease, "one"), stamp(lease, "two")}, {}).value();
    CHECK(written.version == lease.version + 1);
    CHECK(ledger.find(lease.id).value().value().reason == "why");
    CHECK(names_of(ledger.events(lease.id).value()) == std::vector<std::string>{"one", "two"});
  });
}

TEST_CASE("ledger: a machine is one lease's for ever, and another lease cannot have it") {
  on_each_ledger([](Ledger& ledger) {
    const Lease first = reserved(ledger, 1);
    const Lease second = reserved(ledger, 2);
    const auto bound = ledger.update(first, {}, machine_of(first, "i-1", k_noon, Money{}));
    REQUIRE(bound);
    const auto taken =
        ledger.update(second, {stamp(second, "mine")}, machine_of(second, "i-1", k_noon, Money{}));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Code::lease_conflict);
    CHECK(fields(ledger.find(second.id).value().value()) == fields(second));
    CHECK(ledger.events(second.id).value().empty());
    CHECK(ledger.machines(second.id).value().empty());
    CHECK(ledger.lease_of(InstanceId{"i-1"}).value() == first.id);
    CHECK_FALSE(ledger.lease_of(InstanceId{"i-2"}).value());
    REQUIRE(ledger.update(*bound, {}, machine_of(first, "i-1", k_noon, Money{5})));
    REQUIRE(ledger.update(second, {}, machine_of(second, "i-2", k_noon, Money{})));
  });
}

TEST_CASE("ledger: an update of a stale version changes nothing: no lease, event or machine") {
  on_each_ledger([](Ledger& ledger) {
    const Lease stale = reserved(ledger, 1);
    const Lease current = ledger.update(stale, {}, std::nullopt).value();
    Lease late = stale;
    late.reason = "late";
    for (const std::int64_t version : {stale.version, current.version + 1}) {
      late.version = version;
      const auto written =
          ledger.update(late, {stamp(late, "late")}, machine_of(late, "i-1", k_noon, Money{5}));
      REQUIRE_FALSE(written);
      CHECK(written.error().code == Code::lease_conflict);
    }
    CHECK(fields(ledger.find(stale.id).value().value()) == fields(current));
    CHECK(ledger.events(stale.id).value().empty());
    CHECK(ledger.machines(stale.id).value().empty());
  });
}

TEST_CASE("ledger: a lease that was never reserved cannot be updated into being") {
  on_each_ledger([](Ledger& ledger) {
    const auto written = ledger.update(numbered(1), {}, std::nullopt);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Code::lease_conflict);
    CHECK_FALSE(ledger.find(numbered(1).id).value());
  });
}

TEST_CASE("ledger: two ledgers of one store see each other's writes and conflict on a version") {
  on_each_store([](LedgerStore& store) {
    const auto one = store.open();
    const auto two = store.open();
    const Lease lease = reserved(*one, 1);
    CHECK(fields(two->find(lease.id).value().value()) == fields(lease));
    REQUIRE(two->update(lease, {}, std::nullopt));
    CHECK(one->update(lease, {}, std::nullopt).error().code == Code::lease_conflict);
  });
}

TEST_CASE("ledger: every field of a machine's record survives") {
  on_each_ledger([](Ledger& ledger) {
    const Lease lease = reserved(ledger, 1);
    MachineRecord machine = filled<MachineRecord>();
    machine.lease_id = lease.id;
    REQUIRE(ledger.update(lease, {}, machine));
    CHECK(fields(the_machine(ledger, lease.id)) == fields(machine));
  });
}

TEST_CASE("ledger: a machine that has ended stays ended, and what it spent never shrinks") {
  on_each_ledger([](Ledger& ledger) {
    Lease lease = reserved(ledger, 1);
    MachineRecord machine = machine_of(lease, "i-1", k_noon, Money{});
    lease = ledger.update(lease, {}, machine).value();
    CHECK_FALSE(the_machine(ledger, lease.id).ended_at);

    machine.ended_at = k_noon + Seconds{90};
    machine.spent = Money{700};
    lease = ledger.update(lease, {}, machine).value();
    CHECK(the_machine(ledger, lease.id).ended_at == k_noon + Seconds{90});
    CHECK(the_machine(ledger, lease.id).spent == Money{700});

    MachineRecord later = machine_of(lease, "i-1", k_noon, Money{});
    lease = ledger.update(lease, {}, later).value();
    later.ended_at = k_noon + Seconds{500};
    lease = ledger.update(lease, {}, later).value();
    CHECK(the_machine(ledger, lease.id).ended_at == k_noon + Seconds{90});
    CHECK(the_machine(ledger, lease.id).spent == Money{700});

    later.spent = Money{900};
    REQUIRE(ledger.update(lease, {}, later));
    CHECK(the_machine(ledger, lease.id).spent == Money{900});
  });
}

TEST_CASE("ledger: a lease's machines come in the order of their launches") {
  on_each_ledger([](Ledger& ledger) {
    Lease lease = reserved(ledger, 1);
    lease = ledger.update(lease, {}, machine_of(lease, "i-a", k_noon + Seconds{9}, {})).value();
    lease = ledger.update(lease, {}, machine_of(lease, "i-b", k_noon, {})).value();
    const auto machines = ledger.machines(lease.id).value();
    REQUIRE(machines.size() == 2);
    CHECK(machines[0].instance_id.text == "i-b");
    CHECK(machines[1].instance_id.text == "i-a");
    CHECK(ledger.machines(numbered(2).id).value().empty());
  });
}

TEST_CASE("ledger: events come in order of time, those of one moment as they were written") {
  on_each_ledger([](Ledger& ledger) {
    const Lease lease = reserved(ledger, 1);
    const Lease other = reserved(ledger, 2);
    REQUIRE(ledger.append(stamp(lease, "late", k_noon + Seconds{5})));
    REQUIRE(ledger.append(stamp(lease, "early-1", k_noon)));
    REQUIRE(ledger.append(stamp(other, "foreign", k_noon)));
    REQUIRE(ledger.update(lease, {stamp(lease, "early-2"), stamp(lease, "early-3")}, {}));
    CHECK(names_of(ledger.events(lease.id).value()) ==
          std::vector<std::string>{"early-1", "early-2", "early-3", "late"});
  });
}

TEST_CASE("ledger: every field of an event survives, its detail's bytes included") {
  on_each_ledger([](Ledger& ledger) {
    LeaseEvent event = filled<LeaseEvent>();
    event.lease_id = reserved(ledger, 1).id;
    REQUIRE(ledger.append(event));
    const auto events = ledger.events(event.lease_id).value();
    REQUIRE(events.size() == 1);
    CHECK(fields(events.front()) == fields(event));
  });
}

TEST_CASE("ledger: a machine can append so many events and no more; an update still can") {
  on_each_ledger([](Ledger& ledger) {
    const Lease lease = reserved(ledger, 1);
    const Lease other = reserved(ledger, 2);
    for (int i = 0; i < k_events_max + 5; ++i) REQUIRE(ledger.append(stamp(lease, "spam")));
    const auto kept = ledger.events(lease.id).value();
    REQUIRE(kept.size() == k_events_max + 1);
    CHECK(kept.back().name == k_event_refused);  // what was left out is told once
    REQUIRE(ledger.append(stamp(other, "own room")));
    CHECK(ledger.events(other.id).value().size() == 1);
    REQUIRE(ledger.update(lease, {stamp(lease, "ending")}, std::nullopt));
    CHECK(ledger.events(lease.id).value().size() == k_events_max + 2);
  });
}

// Updates of so many leases, each with a stamp and a machine of its own.
std::vector<Update> many_updates(Ledger& ledger, std::size_t count) {
  std::vector<Update> updates;
  for (int n = 1; n <= static_cast<int>(count); ++n) {
    Lease lease = reserved(ledger, n);
    lease.state = LeaseState::booting;
    const MachineRecord machine = machine_of(lease, "i-" + std::to_string(n), k_noon, Money{7});
    updates.push_back({lease, {stamp(lease, "booting")}, machine});
  }
  return updates;
}

TEST_CASE("ledger: as many updates as it takes at once are written as one by one") {
  on_each_ledger([](Ledger& ledger) {
    const auto updates = many_updates(ledger, k_updates_max);
    const auto written = ledger.update_all(updates).value();
    REQUIRE(written.size() == updates.size());
    for (std::size_t n = 0; n < updates.size(); ++n) {
      Lease wanted = updates[n].lease;
      wanted.version += 1;
      CHECK(fields(written[n]) == fields(wanted));
      CHECK(fields(ledger.find(wanted.id).value().value()) == fields(wanted));
      CHECK(names_of(ledger.events(wanted.id).value()) == std::vector<std::string>{"booting"});
      CHECK(fields(the_machine(ledger, wanted.id)) == fields(*updates[n].machine));
      CHECK(ledger.lease_of(updates[n].machine->instance_id).value() == wanted.id);
    }
    CHECK(ledger.audit().value().launched == static_cast<std::int64_t>(updates.size()));
  });
}

TEST_CASE("ledger: of several updates of which one comes too late none is written") {
  on_each_ledger([](Ledger& ledger) {
    const auto updates = many_updates(ledger, 3);
    REQUIRE(ledger.update(updates[1].lease, {}, std::nullopt));
    CHECK(ledger.update_all(updates).error().code == Code::lease_conflict);
    for (const std::size_t n : {0U, 2U}) {
      CHECK(ledger.find(updates[n].lease.id).value()->version == updates[n].lease.version);
      CHECK(ledger.events(updates[n].lease.id).value().empty());
      CHECK(ledger.machines(updates[n].lease.id).value().empty());
    }
    CHECK(ledger.audit().value().launched == 0);
  });
}

TEST_CASE("ledger: of several updates of which one names another's machine none is written") {
  on_each_ledger([](Ledger& ledger) {
    auto updates = many_updates(ledger, 3);
    REQUIRE(ledger.update(updates[0].lease, {}, updates[0].machine));
    updates.erase(updates.begin());
    updates[1].machine->instance_id = InstanceId{"i-1"};
    CHECK(ledger.update_all(updates).error().code == Code::lease_conflict);
    CHECK(ledger.machines(updates[0].lease.id).value().empty());
    CHECK(ledger.audit().value().launched == 1);
  });
}

TEST_CASE("ledger: a refusal is kept once for each reason, also on a full timeline") {
  on_each_ledger([](Ledger& ledger) {
    const Lease lease = reserved(ledger, 1);
    const Lease other = reserved(ledger, 2);
    for (int i = 0; i < k_events_max; ++i) REQUIRE(ledger.append(stamp(lease, "spam")));
    for (int i = 0; i < 3; ++i) {
      REQUIRE(ledger.append_once({lease.id, k_noon, k_claim_refused, "wrong nonce"}));
      REQUIRE(ledger.append_once({lease.id, k_noon, k_claim_refused, "another instance"}));
      REQUIRE(ledger.append_once({lease.id, k_noon, k_event_refused, "wrong nonce"}));
      REQUIRE(ledger.append_once({other.id, k_noon + Seconds{1}, k_claim_refused, "wrong nonce"}));
    }
    CHECK(ledger.events(lease.id).value().size() == k_events_max + 3);
    const auto refused = ledger.refusals().value();
    REQUIRE(refused.size() == 4);
    CHECK(refused.front().lease_id == other.id);  // the newest
    CHECK(refused.front().at == k_noon + Seconds{1});
    CHECK(refused.back().name == k_claim_refused);
    CHECK(refused.back().detail == "wrong nonce");
  });
}

}  // namespace
}  // namespace mayfly
