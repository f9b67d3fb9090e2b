#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr Money k_dollar{1'000'000};

Caps money_caps(Money day, Money month) {
  Caps caps = wide_caps();
  caps.usd_per_day = day;
  caps.usd_per_month = month;
  return caps;
}

WallTime at(const char* text) { return *parse_iso8601(text); }

// A lease whose machine has run and is confirmed ended: spent money, nothing reserved.
void spend(Ledger& ledger, int n, WallTime launched, Money spent) {
  REQUIRE(ledger.reserve({numbered(n)}, {}, wide_caps(), launched));
  Lease lease = numbered(n);
  lease.state = LeaseState::gone;
  lease.machine_ended = true;
  lease.reserved = Money{};
  MachineRecord machine = machine_of(lease, "i-" + std::to_string(n), launched, spent);
  machine.ended_at = launched + Seconds{60};
  REQUIRE(ledger.update(lease, {}, machine));
}

// Whether one more dollar may be reserved at that time. The answer is taken back.
std::optional<Code> one_more(Ledger& ledger, const Caps& caps, WallTime now) {
  const int nobody_yet = 900 + static_cast<int>(ledger.recent(1000).value().size());
  const auto reserved = ledger.reserve({numbered(nobody_yet)}, {}, caps, now);
  if (!reserved) return reserved.error().code;
  Lease lease = reserved->front().lease;
  lease.state = LeaseState::gone;
  lease.machine_ended = true;
  REQUIRE(ledger.update(lease, {}, std::nullopt));
  return std::nullopt;
}

TEST_CASE("ledger: a cap on money may be reached to the last micro-dollar, not passed by one") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(ledger.reserve({numbered(1)}, {}, wide_caps(), k_noon));
    const Money two = k_dollar + k_dollar;
    const Money less = two - Money{1};
    CHECK(one_more(ledger, money_caps(less, two), k_noon) == Code::limit_money_day);
    CHECK(one_more(ledger, money_caps(two, less), k_noon) == Code::limit_money_month);
    CHECK_FALSE(one_more(ledger, money_caps(two, two), k_noon));
  });
}

TEST_CASE("ledger: what is reserved counts in full whenever it was reserved") {
  on_each_ledger([](Ledger& ledger) {
    REQUIRE(ledger.reserve({numbered(1)}, {}, wide_caps(), at("2026-10-31T23:00:00Z")));
    CHECK(one_more(ledger, money_caps(k_dollar, wide_caps().usd_per_month), k_noon) ==
          Code::limit_money_day);
  });
}

TEST_CASE("ledger: money of a machine that has ended is spent, no longer reserved") {
  on_each_ledger([](Ledger& ledger) {
    spend(ledger, 1, k_noon, Money{250'000});
    const Caps tight = money_caps(Money{1'249'999}, wide_caps().usd_per_month);
    const Caps enough = money_caps(Money{1'250'000}, wide_caps().usd_per_month);
    CHECK(one_more(ledger, tight, k_noon) == Code::limit_money_day);
    CHECK_FALSE(one_more(ledger, enough, k_noon));
  });
}

TEST_CASE("ledger: a day's money is of the machines that lived in it, to the last of them whole") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = money_caps(k_dollar, wide_caps().usd_per_month);
    const WallTime evening = at("2026-11-22T23:59:59.999Z");
    const WallTime midnight = at("2026-11-23T00:00:00Z");
    spend(ledger, 1, evening - Seconds{60}, Money{4'000'000});
    CHECK(one_more(ledger, caps, evening) == Code::limit_money_day);
    CHECK_FALSE(one_more(ledger, caps, midnight));

    spend(ledger, 2, midnight - Seconds{60}, Money{1});  // it ended at midnight
    CHECK(one_more(ledger, caps, midnight) == Code::limit_money_day);
    CHECK(one_more(ledger, caps, at("2026-11-23T23:59:59.999Z")) == Code::limit_money_day);
    CHECK_FALSE(one_more(ledger, caps, at("2026-11-24T00:00:00Z")));
    CHECK_FALSE(one_more(ledger, money_caps(k_dollar + Money{1}, Money{6'000'000}), midnight));
  });
}

TEST_CASE("ledger: a month's money is of the machines that lived in it") {
  on_each_ledger([](Ledger& ledger) {
    const WallTime november = at("2026-11-01T00:00:00Z");
    spend(ledger, 1, november - Seconds{61}, Money{4'000'000});
    spend(ledger, 2, november - Seconds{30}, Money{2'000'000});
    const Money day = wide_caps().usd_per_day;
    CHECK(one_more(ledger, money_caps(day, Money{2'999'999}), k_noon) == Code::limit_money_month);
    CHECK_FALSE(one_more(ledger, money_caps(day, Money{3'000'000}), k_noon));
    CHECK_FALSE(one_more(ledger, money_caps(day, k_dollar), at("2026-12-01T00:00:00Z")));
  });
}

TEST_CASE("ledger: one lease's machines all count, those that died before included") {
  on_each_ledger([](Ledger& ledger) {
    spend(ledger, 1, k_noon, Money{100'000});
    Lease lease = ledger.find(numbered(1).id).value().value();
    REQUIRE(ledger.update(lease, {}, machine_of(lease, "i-second", k_noon, Money{200'000})));
    const Money month = wide_caps().usd_per_month;
    CHECK(one_more(ledger, money_caps(Money{1'299'999}, month), k_noon) == Code::limit_money_day);
    CHECK_FALSE(one_more(ledger, money_caps(Money{1'300'000}, month), k_noon));
  });
}

TEST_CASE("ledger: what is used up is told without asking for anything") {
  on_each_ledger([](Ledger& ledger) {
    spend(ledger, 1, at("2026-10-31T23:00:00Z"), Money{4'000'000});
    spend(ledger, 2, k_noon, Money{250'000});
    REQUIRE(ledger.reserve({numbered(3)}, {}, wide_caps(), k_noon));
    const Usage usage = ledger.usage(wide_caps(), k_noon).value();
    CHECK(usage.machines == 1);
    CHECK(usage.reserved == k_dollar);
    CHECK(usage.spent_today == Money{250'000});
    CHECK(usage.spent_this_month == Money{250'000});
    CHECK(usage.machines_of_repository == 0);
    CHECK(usage.machines_of_run.empty());
  });
}

}  // namespace
}  // namespace mayfly
