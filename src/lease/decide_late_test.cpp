// That nothing is taken for over before it is known to be.

#include <doctest/doctest.h>

#include "lease/decide.h"
#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

TEST_CASE("decide: what a lease has reserved stays so until its machine is known to have ended") {
  const Lease lease = lease_in(busy);
  LeaseFacts facts = facts_as_expected(lease);
  facts.run = RunSeen::over;
  const Decision told = after(lease, facts, Seconds{10});
  REQUIRE(told.next.state == ending);
  CHECK(told.next.reserved == lease.reserved);
  facts.machine.seen = MachineSeen::ended;
  CHECK(after(told.next, facts, Seconds{20}).next.reserved == Money{});
}

TEST_CASE("decide: a runner that GitHub does not list yet after its claim is no runner lost") {
  Lease lease = lease_in(claimed);
  lease.runner_missing_since = k_start;
  LeaseFacts facts = facts_as_expected(lease);
  facts.runner = RunnerSeen::absent;
  facts.job = JobSeen::none;
  const Millis long_enough = k_policy.power_off_grace + Seconds{1};
  CHECK(after(lease, facts, long_enough).next.state == claimed);
  lease.state = online;
  CHECK(after(lease, facts, long_enough).next.state == launching);
}

}  // namespace
}  // namespace mayfly
