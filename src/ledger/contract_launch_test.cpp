#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

constexpr Millis k_minute = Seconds{60};

// A lease of a run of its own with its first intent, as an ask drafts it.
Lease intended(int n) {
  Lease lease = numbered(n);
  lease.run_id = 1000 + n;
  lease.launch.number = 1;
  lease.launch.pending = true;
  lease.launch.intended_at = k_noon;
  return lease;
}

Caps tight(int launches_per_hour, int failures_max = 100) {
  Caps caps = wide_caps();
  caps.launches_per_hour = launches_per_hour;
  caps.launch_failures_max = failures_max;
  caps.launch_pause = 10 * k_minute;
  return caps;
}

std::optional<Code> reserve(Ledger& ledger, int n, const Caps& caps, WallTime now) {
  const auto reserved = ledger.reserve({intended(n)}, {}, caps, now);
  return reserved ? std::nullopt : std::optional(reserved.error().code);
}

// The lease as it stands, with what `change` does to it.
template <class Change>
Lease changed(Ledger& ledger, int n, const Change& change) {
  Lease lease = ledger.find(numbered(n).id).value().value();
  change(lease);
  auto written = ledger.update(lease, {}, std::nullopt);
  REQUIRE(written);
  return *written;
}

void refuse(Ledger& ledger, int n, WallTime at,
            const std::string& reason = "aws-config: no image") {
  changed(ledger, n, [&](Lease& lease) {
    lease.state = ending;
    lease.outcome = Outcome::refused;
    lease.reason = reason;
    lease.state_since = at;
    lease.launch.pending = false;
    lease.machine_ended = true;
  });
}

void come_online(Ledger& ledger, int n, WallTime at) {
  changed(ledger, n, [&](Lease& lease) {
    lease.state = online;
    lease.state_since = at;
    lease.launch.pending = false;
    lease.launch.instance_id = InstanceId{"i-" + std::to_string(n)};
  });
}

// Back to launching, since its machine died.
Lease die(Ledger& ledger, int n, WallTime at) {
  changed(ledger, n, [&](Lease& lease) {
    lease.state = launching;
    lease.state_since = at;
    lease.launch.pending = false;
    lease.launch.instance_id = InstanceId{"i-" + std::to_string(n)};
    lease.reason = "no runner came online in time";
  });
  return changed(ledger, n, [&](Lease& lease) { lease.launch.instance_id = InstanceId{}; });
}

Result<Lease> launch_again(Ledger& ledger, Lease lease, const Caps& caps, WallTime now) {
  lease.launch.number += 1;
  lease.launch.pending = true;
  return ledger.launch_again(lease, {{lease.id, now, "launching", ""}}, caps, now);
}

TEST_CASE("ledger: an hour has so many launches, and room again when the oldest has left it") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(2);
    CHECK_FALSE(reserve(ledger, 1, caps, k_noon));
    CHECK_FALSE(reserve(ledger, 2, caps, k_noon + 10 * k_minute));
    const auto refused = ledger.reserve({intended(3)}, {}, caps, k_noon + 20 * k_minute);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::limit_launches);
    CHECK(refused.error().retry_after == 40 * k_minute);
    CHECK_FALSE(ledger.find(numbered(3).id).value());

    CHECK(reserve(ledger, 3, caps, k_noon + 60 * k_minute - Millis{1}) == Code::limit_launches);
    CHECK_FALSE(reserve(ledger, 3, caps, k_noon + 60 * k_minute));
    CHECK(reserve(ledger, 4, caps, k_noon + 60 * k_minute) == Code::limit_launches);
  });
}

TEST_CASE(
    "ledger: a launch counts for its hour whatever became of the lease, but not without capacity") {
  on_each_ledger([](Ledger& ledger) {
    CHECK_FALSE(reserve(ledger, 1, tight(9), k_noon));
    refuse(ledger, 1, k_noon);
    CHECK(reserve(ledger, 2, tight(1), k_noon + k_minute) == Code::limit_launches);

    CHECK_FALSE(reserve(ledger, 2, tight(9), k_noon + k_minute));
    changed(ledger, 2, [](Lease& lease) {
      lease.launch.pending = false;
      lease.reason = "no capacity: none";
    });
    CHECK(reserve(ledger, 3, tight(1), k_noon + 2 * k_minute) == Code::limit_launches);
    CHECK_FALSE(reserve(ledger, 3, tight(2), k_noon + 2 * k_minute));
  });
}

TEST_CASE("ledger: asking again for a lease that is there is no launch") {
  on_each_ledger([](Ledger& ledger) {
    for (int i = 0; i < 5; ++i) CHECK_FALSE(reserve(ledger, 1, tight(1), k_noon));
  });
}

TEST_CASE("ledger: a launch in place of a dead machine counts like a first one") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(2);
    CHECK_FALSE(reserve(ledger, 1, caps, k_noon));
    const auto again = launch_again(ledger, die(ledger, 1, k_noon), caps, k_noon + k_minute);
    REQUIRE(again);
    CHECK(again->version == 3);
    CHECK(fields(*again) == fields(ledger.find(again->id).value().value()));
    CHECK(ledger.events(again->id).value().size() == 1);
    CHECK(reserve(ledger, 2, caps, k_noon + 2 * k_minute) == Code::limit_launches);
  });
}

TEST_CASE("ledger: a launch that is refused writes nothing, and may come when the hour has room") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(1);
    CHECK_FALSE(reserve(ledger, 1, caps, k_noon));
    const Lease dead = die(ledger, 1, k_noon);
    const auto refused = launch_again(ledger, dead, caps, k_noon + k_minute);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::limit_launches);
    CHECK(refused.error().retry_after == 59 * k_minute);
    CHECK(fields(ledger.find(dead.id).value().value()) == fields(dead));
    CHECK(ledger.events(dead.id).value().empty());
    CHECK(launch_again(ledger, dead, caps, k_noon + 60 * k_minute));
  });
}

TEST_CASE("ledger: of two that launch again from one version one is let through") {
  on_each_store([](LedgerStore& store) {
    const auto one = store.open();
    const auto two = store.open();
    CHECK_FALSE(reserve(*one, 1, tight(9), k_noon));
    const Lease dead = die(*one, 1, k_noon);
    CHECK(launch_again(*one, dead, tight(9), k_noon));
    CHECK(launch_again(*two, dead, tight(9), k_noon).error().code == Code::lease_conflict);
    CHECK_FALSE(reserve(*two, 2, tight(3), k_noon));
    CHECK(reserve(*two, 3, tight(3), k_noon) == Code::limit_launches);
  });
}

TEST_CASE(
    "ledger: failures in a row for one cause pause every launch, until a while after the newest") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(100, 3);
    for (const int n : {1, 2, 3, 4}) CHECK_FALSE(reserve(ledger, n, caps, k_noon));
    const Lease dead = die(ledger, 4, k_noon);  // another cause, and before the others
    for (const int n : {1, 2, 3}) {
      CHECK_FALSE(ledger.launch_pause(caps, k_noon + 3 * k_minute).value());
      refuse(ledger, n, k_noon + n * k_minute);
    }
    const WallTime until = k_noon + 13 * k_minute;
    const auto pause = ledger.launch_pause(caps, k_noon + 3 * k_minute).value();
    REQUIRE(pause);
    CHECK(pause->cause == Code::aws_config);
    CHECK(pause->until == until);
    CHECK(reserve(ledger, 5, caps, k_noon + 4 * k_minute) == Code::launches_paused);
    CHECK(launch_again(ledger, dead, caps, k_noon + 4 * k_minute).error().code ==
          Code::launches_paused);
    CHECK(reserve(ledger, 5, caps, until - Millis{1}) == Code::launches_paused);
    CHECK_FALSE(ledger.launch_pause(caps, until).value());
    CHECK(launch_again(ledger, dead, caps, until));
    CHECK_FALSE(reserve(ledger, 5, caps, until));
    refuse(ledger, 5, until);  // and the next failure opens it again
    CHECK(reserve(ledger, 6, caps, until + k_minute) == Code::launches_paused);
  });
}

TEST_CASE("ledger: a runner that comes online ends the pause") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(100, 2);
    for (const int n : {1, 2, 3}) CHECK_FALSE(reserve(ledger, n, caps, k_noon));
    for (const int n : {1, 2}) refuse(ledger, n, k_noon + n * k_minute);
    CHECK(reserve(ledger, 4, caps, k_noon + 3 * k_minute) == Code::launches_paused);
    come_online(ledger, 3, k_noon + 3 * k_minute);
    CHECK_FALSE(reserve(ledger, 4, caps, k_noon + 4 * k_minute));
  });
}

TEST_CASE("ledger: a launch has one outcome, the first that its lease told") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(100, 2);
    for (const int n : {1, 2}) CHECK_FALSE(reserve(ledger, n, caps, k_noon));
    come_online(ledger, 1, k_noon + k_minute);
    die(ledger, 1, k_noon + 2 * k_minute);  // its runner had been there
    refuse(ledger, 1, k_noon + 3 * k_minute);
    refuse(ledger, 2, k_noon + 4 * k_minute);
    refuse(ledger, 2, k_noon + 5 * k_minute);
    CHECK_FALSE(ledger.launch_pause(caps, k_noon + 6 * k_minute).value());
  });
}

TEST_CASE("ledger: the try on demand is the same launch, and its end is the launch's") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(2, 1);
    CHECK_FALSE(reserve(ledger, 1, caps, k_noon));
    changed(ledger, 1, [](Lease& lease) {
      lease.launch.number = 2;
      lease.launch.on_demand = true;
    });
    CHECK_FALSE(reserve(ledger, 2, caps, k_noon));  // one launch so far
    refuse(ledger, 1, k_noon + k_minute);
    CHECK(ledger.launch_pause(caps, k_noon + k_minute).value());
  });
}

TEST_CASE("ledger: a failure told by a calendar that ran ahead is not believed before its time") {
  on_each_ledger([](Ledger& ledger) {
    const Caps caps = tight(100, 1);
    CHECK_FALSE(reserve(ledger, 1, caps, k_noon));
    refuse(ledger, 1, k_noon + 600 * k_minute);
    CHECK_FALSE(ledger.launch_pause(caps, k_noon).value());
    CHECK(ledger.launch_pause(caps, k_noon + 600 * k_minute).value());
  });
}

}  // namespace
}  // namespace mayfly
