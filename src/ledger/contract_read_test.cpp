#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;

const RepositoryName k_one{"octo/one"};

void add(Ledger& ledger, const Lease& lease) {
  REQUIRE(ledger.reserve({lease}, {}, wide_caps(), k_noon));
}

void add_labelled(Ledger& ledger, int n, const std::string& label) {
  Lease lease = numbered(n);
  lease.label = label;
  add(ledger, lease);
}

TEST_CASE("ledger: what is not there is none, not an error") {
  on_each_ledger([](Ledger& ledger) {
    CHECK_FALSE(ledger.find(numbered(1).id).value());
    CHECK(ledger.find_by_label(k_one, "label_1").value().empty());
    CHECK(ledger.live().value().empty());
    CHECK(ledger.recent(10).value().empty());
    CHECK(ledger.events(numbered(1).id).value().empty());
    CHECK(ledger.machines(numbered(1).id).value().empty());
    CHECK_FALSE(ledger.fact("none").value());
  });
}

TEST_CASE("ledger: a label is found by its exact text only; no character stands for others") {
  on_each_ledger([](Ledger& ledger) {
    add_labelled(ledger, 1, "rr_runner_a");
    add_labelled(ledger, 2, "rr_runner_b");
    for (const char* label :
         {"%", "*", "_", "rr_runner_%", "rr_runner_*", "rr_runner__", "rr_runner_", "rr?runner_a",
          "RR_RUNNER_A", "rr_runner_a ", "' OR ''='", ""})
      CHECK_MESSAGE(ledger.find_by_label(k_one, label).value().empty(), label);
    CHECK(numbers_of(ledger.find_by_label(k_one, "rr_runner_a").value()) == std::vector<int>{1});
  });
}

TEST_CASE("ledger: leases whose labels are themselves wildcards are found by them alone") {
  on_each_ledger([](Ledger& ledger) {
    add_labelled(ledger, 1, "%");
    add_labelled(ledger, 2, "_");
    add_labelled(ledger, 3, "*");
    CHECK(numbers_of(ledger.find_by_label(k_one, "%").value()) == std::vector<int>{1});
    CHECK(numbers_of(ledger.find_by_label(k_one, "_").value()) == std::vector<int>{2});
    CHECK(numbers_of(ledger.find_by_label(k_one, "*").value()) == std::vector<int>{3});
  });
}

TEST_CASE("ledger: a label is one of its repository; its leases come newest first") {
  on_each_ledger([](Ledger& ledger) {
    add_labelled(ledger, 1, "same");
    add_labelled(ledger, 3, "same");
    add_labelled(ledger, 2, "same");
    Lease elsewhere = numbered(4);
    elsewhere.repository = RepositoryName{"octo/two"};
    elsewhere.label = "same";
    add(ledger, elsewhere);
    CHECK(numbers_of(ledger.find_by_label(k_one, "same").value()) == std::vector<int>{3, 2, 1});
    CHECK(ledger.find_by_label(RepositoryName{"octo/%"}, "same").value().empty());
  });
}

TEST_CASE(
    "ledger: live is everything that is not gone, oldest first; recent is all, newest first") {
  on_each_ledger([](Ledger& ledger) {
    for (const int n : {3, 1, 2}) add(ledger, numbered(n));
    Lease gone = numbered(2);
    gone.state = LeaseState::gone;
    REQUIRE(ledger.update(gone, {}, std::nullopt));
    Lease ending = numbered(3);
    ending.state = LeaseState::ending;
    ending.machine_ended = true;
    REQUIRE(ledger.update(ending, {}, std::nullopt));

    CHECK(numbers_of(ledger.live().value()) == std::vector<int>{1, 3});
    CHECK(numbers_of(ledger.recent(10).value()) == std::vector<int>{3, 2, 1});
    CHECK(numbers_of(ledger.recent(2).value()) == std::vector<int>{3, 2});
  });
}

TEST_CASE("ledger: who read the newest before is told the same as who did not") {
  on_each_ledger([](Ledger& ledger) {
    for (const int n : {1, 2, 3}) add(ledger, numbered(n));
    Lease gone = numbered(2);
    gone.state = LeaseState::gone;
    REQUIRE(ledger.update(gone, {}, std::nullopt));
    const auto known = ledger.recent(10).value();
    Lease changed = numbered(3);
    changed.reason = "since then";
    REQUIRE(ledger.update(changed, {}, std::nullopt));
    add(ledger, numbered(4));

    const auto again = ledger.recent_again(10, known).value();
    CHECK(numbers_of(again) == std::vector<int>{4, 3, 2, 1});
    CHECK(again.at(1).reason == "since then");
    CHECK(again.at(2).state == LeaseState::gone);
    CHECK(numbers_of(ledger.recent_again(2, known).value()) == std::vector<int>{4, 3});
    CHECK(ledger.recent_again(0, known).value().empty());
  });
}

TEST_CASE("ledger: a fact is what was set last") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(ledger.set_fact("image:x86_64", "1 ami-1"));
    REQUIRE(ledger.set_fact("image:arm64", "1 ami-2"));
    REQUIRE(ledger.set_fact("image:x86_64", ""));
    CHECK(ledger.fact("image:x86_64").value() == "");
    CHECK(ledger.fact("image:arm64").value() == "1 ami-2");
    CHECK_FALSE(ledger.fact("image:%").value());
  });
}

TEST_CASE("ledger: the audit of an empty ledger is all zero") {
  on_each_ledger([](Ledger& ledger) {
    const Audit audit = ledger.audit().value();
    CHECK(audit.leases + audit.leases_live + audit.launched + audit.ended + audit.runners_left ==
          0);
    CHECK(audit.spent + audit.reserved == Money{});
  });
}

TEST_CASE("ledger: the audit counts leases, machines, runners left, and money") {
  on_each_ledger([](Ledger& ledger) {
    for (const int n : {1, 2, 3}) add(ledger, numbered(n));
    Lease running = numbered(1);
    running.runner_name = "mf-1";
    REQUIRE(ledger.update(running, {}, machine_of(running, "i-1", k_noon, Money{})));

    Lease gone = numbered(2);
    gone.state = LeaseState::gone;
    gone.runner_name = "mf-2";
    gone.runner_removed = true;
    MachineRecord machine = machine_of(gone, "i-2", k_noon, Money{300});
    machine.ended_at = k_noon;
    gone = ledger.update(gone, {}, machine).value();
    machine.instance_id = InstanceId{"i-3"};
    machine.spent = Money{50};
    REQUIRE(ledger.update(gone, {}, machine));

    const Audit audit = ledger.audit().value();
    CHECK(audit.leases == 3);
    CHECK(audit.leases_live == 2);
    CHECK(audit.launched == 3);
    CHECK(audit.ended == 2);
    CHECK(audit.runners_left == 1);
    CHECK(audit.spent == Money{350});
    CHECK(audit.reserved == Money{2'000'000});
  });
}

}  // namespace
}  // namespace mayfly
