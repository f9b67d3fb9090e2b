#include "cli/lease_rows.h"

#include <doctest/doctest.h>

namespace mayfly::cli {
namespace {

const WallTime k_noon = *parse_iso8601("2026-11-23T12:00:00Z");

Lease lease(int n, LeaseState state) {
  Lease lease;
  lease.id = LeaseId{"l-" + std::to_string(n)};
  lease.repository = RepositoryName{"octo/one"};
  lease.run_id = 42;
  lease.state = state;
  lease.state_since = k_noon;
  lease.deadline = k_noon + Seconds{600};
  return lease;
}

TEST_CASE("leases: a row has the lease, its run, state and deadline, and its machine") {
  Lease one = lease(1, LeaseState::busy);
  one.launch.instance_id = InstanceId{"i-0a"};
  one.launch.instance_type = "c7i.large";
  one.launch.zone = "us-east-2a";
  CHECK(leases_table({one}, k_noon + Seconds{60}) ==
        "LEASE  REPOSITORY  RUN   ARCH    STATE  SINCE  DEADLINE IN  MACHINE\n"
        "l-1    octo/one    42/1  x86_64  busy   1m     9m           c7i.large us-east-2a spot\n");
  CHECK(leases_table({}, k_noon).empty());
}

TEST_CASE("leases: what has changed is what is new, in another state, or has left") {
  Changes changes;
  CHECK(changes.since_last({lease(1, LeaseState::booting)}).size() == 1);
  CHECK(changes.since_last({lease(1, LeaseState::booting)}).empty());
  const auto moved =
      changes.since_last({lease(1, LeaseState::claimed), lease(2, LeaseState::launching)});
  REQUIRE(moved.size() == 2);
  CHECK(moved[0].lease.state == LeaseState::claimed);
  const auto left = changes.since_last({lease(2, LeaseState::launching)});
  REQUIRE(left.size() == 1);
  CHECK(left[0].has_left);
  CHECK(change_line(left[0], k_noon) == "12:00:00  l-1  no longer live  octo/one 42/1 x86_64  -");
  CHECK(changes.since_last({}).size() == 1);
}

}  // namespace
}  // namespace mayfly::cli
