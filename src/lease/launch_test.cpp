// A launch whose answer did not come to all of its batch.

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

Decision after_a_while(const LeaseFacts& facts) {
  const Lease lease = lease_in(launching);
  return decide(lease, facts, lease.launch.intended_at + Seconds{31}, k_policy);
}

TEST_CASE("launch: one that others of its batch know to be refused is made anew, not sent again") {
  LeaseFacts facts = facts_as_expected(lease_in(launching));
  facts.is_launch_refused = true;
  const Decision decision = after_a_while(facts);
  CHECK(decision.acts == std::vector<Act>{Act::new_launch});
  CHECK_FALSE(decision.next.launch.pending);
  CHECK(decision.next.launch.request.empty());
  CHECK(decision.next.state == launching);
}

TEST_CASE("launch: unless a machine of it is seen, or the list of machines cannot be had") {
  LeaseFacts facts = facts_as_expected(lease_in(launching));
  facts.is_launch_refused = true;
  for (const MachineSeen seen : {MachineSeen::unknown, MachineSeen::alive}) {
    facts.machine.seen = seen;
    CHECK(after_a_while(facts).acts == std::vector<Act>{Act::resend_launch});
  }
}

}  // namespace
}  // namespace mayfly
