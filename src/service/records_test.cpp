#include "service/records.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using testing::k_start;
using testing::lease_in;

Lease booting() {
  Lease lease = lease_in(LeaseState::booting);
  lease.launch.instance_type = "c7i.large";
  lease.launch.zone = "us-east-2a";
  lease.launch.on_demand = true;
  lease.launch.usd_per_hour = Money{3'600'000};
  return lease;
}

TEST_CASE("records: a machine that becomes known is recorded from the moment of its intent") {
  const Lease after = booting();
  const auto record = machine_record(lease_in(LeaseState::launching), after, k_start + Seconds{9});
  REQUIRE(record);
  CHECK(record->instance_id == after.launch.instance_id);
  CHECK(record->lease_id == after.id);
  CHECK(record->instance_type == "c7i.large");
  CHECK(record->zone == "us-east-2a");
  CHECK(record->on_demand);
  CHECK(record->usd_per_hour == Money{3'600'000});
  CHECK(record->launched_at == after.launch.intended_at);
  CHECK_FALSE(record->ended_at);
  CHECK(record->spent == Money{});
}

TEST_CASE("records: a change that concerns no machine makes no record") {
  const Lease launching = lease_in(LeaseState::launching);
  CHECK_FALSE(machine_record(launching, launching, k_start));
  CHECK_FALSE(machine_record(booting(), booting(), k_start));
  Lease ended = booting();
  ended.machine_ended = true;
  CHECK_FALSE(machine_record(ended, ended, k_start));
  Lease never = launching;
  never.machine_ended = true;
  CHECK_FALSE(machine_record(launching, never, k_start));
}

TEST_CASE("records: a machine confirmed ended is closed with its price up to now") {
  Lease after = booting();
  after.machine_ended = true;
  const auto record = machine_record(booting(), after, k_start + Seconds{90});
  REQUIRE(record);
  CHECK(record->ended_at == k_start + Seconds{90});
  CHECK(record->spent == Money{90'000});
}

TEST_CASE("records: a machine that is let go for the next launch is closed, with its own facts") {
  const Lease before = booting();
  Lease after = before;
  after.launch.instance_id = InstanceId{};
  after.launch.instance_type.clear();
  after.launch.usd_per_hour = Money{1};
  const auto record = machine_record(before, after, k_start + Seconds{10});
  REQUIRE(record);
  CHECK(record->instance_id == before.launch.instance_id);
  CHECK(record->instance_type == "c7i.large");
  CHECK(record->ended_at == k_start + Seconds{10});
  CHECK(record->spent == Money{60'000});  // a minute at least
}

TEST_CASE(
    "records: a machine first seen when it has ended already is recorded and closed at once") {
  Lease after = booting();
  after.machine_ended = true;
  const auto record = machine_record(lease_in(LeaseState::launching), after, k_start + Seconds{60});
  REQUIRE(record);
  CHECK(record->ended_at == k_start + Seconds{60});
  CHECK(record->spent == Money{60'000});
}

}  // namespace
}  // namespace mayfly
