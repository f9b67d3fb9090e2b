#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr Architecture k_x86 = Architecture::x86_64;
constexpr Architecture k_arm = Architecture::arm64;

Result<std::vector<Reservation>> reserve(Ledger& ledger, const std::vector<Lease>& leases,
                                         const Caps& caps = wide_caps()) {
  std::vector<LeaseEvent> events;
  for (const Lease& lease : leases) events.push_back({lease.id, k_noon, "asked", ""});
  return ledger.reserve(leases, events, caps, k_noon);
}

Code refusal(Ledger& ledger, const std::vector<Lease>& leases, const Caps& caps = wide_caps()) {
  const auto reserved = reserve(ledger, leases, caps);
  REQUIRE_FALSE(reserved);
  return reserved.error().code;
}

void end_machine(Ledger& ledger, const LeaseId& id, LeaseState state) {
  Lease lease = ledger.find(id).value().value();
  lease.state = state;
  lease.machine_ended = true;
  lease.reserved = Money{};
  REQUIRE(ledger.update(lease, {}, std::nullopt));
}

TEST_CASE("ledger: what is reserved is new and there, with its events") {
  on_each_ledger([](Ledger& ledger) {
    const auto reserved = reserve(ledger, {numbered(1), numbered(2)}).value();
    REQUIRE(reserved.size() == 2);
    for (const int n : {1, 2}) {
      const Reservation& one = reserved[static_cast<std::size_t>(n) - 1];
      CHECK(one.is_new);
      CHECK(fields(one.lease) == fields(numbered(n)));
      CHECK(fields(ledger.find(numbered(n).id).value().value()) == fields(numbered(n)));
      CHECK(ledger.events(numbered(n).id).value().size() == 1);
    }
  });
}

TEST_CASE("ledger: an ask for nothing is answered with nothing") {
  on_each_ledger([](Ledger& ledger) {
    CHECK(reserve(ledger, {}).value().empty());
    CHECK(ledger.recent(10).value().empty());
  });
}

TEST_CASE("ledger: a lease that exists comes back as it stands and counts for no cap") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines = 1;
    REQUIRE(reserve(ledger, {numbered(1)}, caps));
    Lease moved = numbered(1);
    moved.state = LeaseState::booting;
    REQUIRE(ledger.update(moved, {}, std::nullopt));

    const auto again = reserve(ledger, {numbered(1)}, caps).value();
    REQUIRE(again.size() == 1);
    CHECK_FALSE(again[0].is_new);
    CHECK(again[0].lease.state == LeaseState::booting);
    CHECK(again[0].lease.version == 1);
    CHECK(ledger.events(numbered(1).id).value().size() == 1);
  });
}

TEST_CASE("ledger: of an ask with old and new leases only the new ones are counted and written") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines = 2;
    REQUIRE(reserve(ledger, {numbered(1)}, caps));
    const auto reserved = reserve(ledger, {numbered(1), numbered(2)}, caps).value();
    CHECK_FALSE(reserved.at(0).is_new);
    CHECK(reserved.at(1).is_new);
    CHECK(ledger.events(numbered(1).id).value().size() == 1);
    CHECK(ledger.events(numbered(2).id).value().size() == 1);
  });
}

TEST_CASE("ledger: the leases of a batch are new together, or all are refused") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered(1)}, wide_caps()));
    std::vector<Lease> batch = {numbered(1), numbered(2), numbered(3)};
    for (Lease& lease : batch) lease.launch.batch = batch.front().id;
    CHECK(refusal(ledger, batch, wide_caps()) == Code::lease_conflict);
    CHECK(numbers_of(ledger.recent(10).value()) == std::vector<int>{1});
    batch.erase(batch.begin());
    for (Lease& lease : batch) lease.launch.batch = batch.front().id;
    const auto first = reserve(ledger, batch, wide_caps()).value();
    for (const Reservation& one : first) CHECK(one.is_new);
    const auto again = reserve(ledger, batch, wide_caps()).value();
    for (const Reservation& one : again) CHECK_FALSE(one.is_new);
  });
}

TEST_CASE("ledger: a lease whose launch is only intended counts like any other") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines = 1;
    Lease intended = numbered(1);
    intended.launch.pending = true;
    REQUIRE(reserve(ledger, {intended}, caps));
    CHECK(refusal(ledger, {numbered(2)}, caps) == Code::limit_machines);
    CHECK(ledger.usage(caps, k_noon).value().machines == 1);
  });
}

TEST_CASE("ledger: an ask that passes a cap reserves nothing of itself") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines = 2;
    REQUIRE(reserve(ledger, {numbered(1)}, caps));
    CHECK(refusal(ledger, {numbered(1), numbered(2), numbered(3)}, caps) == Code::limit_machines);
    CHECK(numbers_of(ledger.recent(10).value()) == std::vector<int>{1});
    for (const int n : {2, 3}) CHECK(ledger.events(numbered(n).id).value().empty());
  });
}

TEST_CASE("ledger: each cap refuses by its own name what it does not cover, and takes the rest") {
  struct Row {
    Code code;
    int Caps::*cap;
  };
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered(1)}));
    for (const Row row : {Row{Code::limit_machines, &Caps::machines},
                          Row{Code::limit_repository, &Caps::machines_per_repository},
                          Row{Code::limit_run, &Caps::machines_per_run},
                          Row{Code::limit_actor, &Caps::machines_per_actor},
                          Row{Code::limit_pull_request, &Caps::machines_per_pull_request},
                          Row{Code::limit_launches, &Caps::launches_per_hour}}) {
      Caps caps = wide_caps();
      caps.*row.cap = 2;
      CHECK(refusal(ledger, {numbered(2), numbered(3)}, caps) == row.code);
    }
    Caps just_enough{2, 2, 2, Money{2'000'000}, Money{2'000'000}, 2, 2, 0, 2};
    CHECK(reserve(ledger, {numbered(2)}, just_enough));
  });
}

TEST_CASE("ledger: what a run has of one architecture takes nothing from the other") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines_per_run = 2;
    REQUIRE(reserve(ledger, {numbered(1), numbered(2)}, caps));
    Lease arm = numbered(3);
    arm.architecture = Architecture::arm64;
    CHECK(refusal(ledger, {numbered(4), arm}, caps) == Code::limit_run);
    CHECK(reserve(ledger, {numbered(1), arm}, caps));
  });
}

TEST_CASE("ledger: machines of another run, attempt or repository count only for the wider caps") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered(1)}));
    Caps caps = wide_caps();
    caps.machines_per_run = 1;
    Lease other_run = numbered(2);
    other_run.run_id = 43;
    Lease other_attempt = numbered(3);
    other_attempt.run_attempt = 2;
    CHECK(reserve(ledger, {other_run}, caps));
    CHECK(reserve(ledger, {other_attempt}, caps));

    caps.machines_per_repository = 3;
    Lease fourth = numbered(4);
    fourth.run_id = 44;
    CHECK(refusal(ledger, {fourth}, caps) == Code::limit_repository);
    fourth.repository = RepositoryName{"octo/two"};
    CHECK(reserve(ledger, {fourth}, caps));

    caps.machines = 4;
    Lease fifth = numbered(5);
    fifth.run_id = 45;
    fifth.repository = RepositoryName{"octo/three"};
    CHECK(refusal(ledger, {fifth}, caps) == Code::limit_machines);
  });
}

TEST_CASE(
    "ledger: an account and a pull request count over all repositories, bare labels over all") {
  on_each_ledger([](Ledger& ledger) {
    int n = 0;
    const auto one_of = [&](const char* actor, const char* head, Source source = Source::v1) {
      Lease lease = numbered(++n);
      lease.run_id = 100 + n;
      lease.repository = RepositoryName{"octo/r" + std::to_string(n)};
      lease.actor = actor;
      lease.head = head;
      lease.source = source;
      return lease;
    };
    REQUIRE(reserve(ledger, {one_of("ann", "ann/fork:fix")}));
    REQUIRE(reserve(ledger, {one_of("bob", "bob/fork:fix", Source::seed)}));

    Caps caps = wide_caps();
    caps.machines_per_actor = 1;
    CHECK(refusal(ledger, {one_of("ann", "ann/fork:other")}, caps) == Code::limit_actor);
    CHECK(reserve(ledger, {one_of("cy", "ann/fork:fix")}, caps));
    caps = wide_caps();
    caps.machines_per_pull_request = 2;
    CHECK(refusal(ledger, {one_of("dan", "ann/fork:fix")}, caps) == Code::limit_pull_request);
    CHECK(reserve(ledger, {one_of("ann", "ann/fork:other")}, caps));
    caps = wide_caps();
    caps.machines_for_seed_labels = 1;
    const Lease bare = one_of("eve", "eve/fork:fix", Source::seed);
    CHECK(refusal(ledger, {bare}, caps) == Code::limit_seed_labels);
    CHECK(reserve(ledger, {one_of("eve", "eve/fork:fix")}, caps));
    end_machine(ledger, numbered(2).id, LeaseState::gone);
    CHECK(reserve(ledger, {bare}, caps));
  });
}

TEST_CASE("ledger: who has no account and no branch by GitHub's facts counts as one") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered(1)}));
    Caps caps = wide_caps();
    caps.machines_per_actor = 1;
    CHECK(refusal(ledger, {numbered(2)}, caps) == Code::limit_actor);
    caps = wide_caps();
    caps.machines_per_pull_request = 1;
    CHECK(refusal(ledger, {numbered(2)}, caps) == Code::limit_pull_request);
  });
}

TEST_CASE("ledger: a lease counts until its machine is confirmed ended, not until it should end") {
  on_each_ledger([](Ledger& ledger) {
    Caps caps = wide_caps();
    caps.machines = 1;
    REQUIRE(reserve(ledger, {numbered(1)}, caps));
    Lease ending = numbered(1);
    ending.state = LeaseState::ending;
    REQUIRE(ledger.update(ending, {}, std::nullopt));
    CHECK(refusal(ledger, {numbered(2)}, caps) == Code::limit_machines);

    end_machine(ledger, numbered(1).id, LeaseState::ending);
    REQUIRE(reserve(ledger, {numbered(2)}, caps));
    end_machine(ledger, numbered(2).id, LeaseState::gone);
    CHECK(reserve(ledger, {numbered(3)}, caps));
  });
}

TEST_CASE("ledger: a run has one seed label per attempt and architecture; a second is a conflict") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered_seed(1, 42, k_x86)}));
    CHECK(refusal(ledger, {numbered_seed(2, 42, k_x86)}) == Code::lease_conflict);
    CHECK(refusal(ledger, {numbered_seed(3, 42, k_arm), numbered_seed(2, 42, k_x86)}) ==
          Code::lease_conflict);
    CHECK(numbers_of(ledger.recent(10).value()) == std::vector<int>{1});

    CHECK_FALSE(reserve(ledger, {numbered_seed(1, 42, k_x86)}).value().at(0).is_new);
    CHECK(reserve(ledger, {numbered_seed(3, 42, k_arm)}));
    CHECK(reserve(ledger, {numbered_seed(4, 43, k_x86)}));
    Lease next_attempt = numbered_seed(5, 42, k_x86);
    next_attempt.run_attempt = 2;
    CHECK(reserve(ledger, {next_attempt}));
    Lease elsewhere = numbered_seed(6, 42, k_x86);
    elsewhere.repository = RepositoryName{"octo/two"};
    CHECK(reserve(ledger, {elsewhere}));
    CHECK(reserve(ledger, {numbered(7)}));  // a v1 lease of the same run
  });
}

TEST_CASE("ledger: a run whose seed lease is gone still had its label") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(reserve(ledger, {numbered_seed(1, 42, k_x86)}));
    end_machine(ledger, numbered(1).id, LeaseState::gone);
    CHECK(refusal(ledger, {numbered_seed(2, 42, k_x86)}) == Code::lease_conflict);
  });
}

}  // namespace
}  // namespace mayfly
