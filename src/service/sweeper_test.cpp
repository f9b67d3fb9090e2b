#include "service/sweeper.h"

#include <doctest/doctest.h>

#include "lease/enforce.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::answer_xml;

// A service that sweeps, with nothing in its ledger, and one machine in its account.
struct Swept : Service {
  void list_machine(const std::string& state, Millis left) {
    const WallTime expires = clock.wall() + left;
    const std::string tags = tag_xml(k_tag_deployment, config.deployment) +
                             tag_xml(k_tag_lease, "l-0123456789abcdef0123") +
                             tag_xml(k_tag_launch, "1") +
                             tag_xml(k_tag_expires_at, std::to_string(epoch_seconds(expires)));
    ec2_wire.answer(200, instances_xml(instance_xml('0', tags, state)));
  }

  const std::string machine = "i-0123456789abcdef0";
  Hints hints;
  Redeliverer redeliverer{config, clock, log, github};
  Lookout lookout{config, {clock, log, *ledger}, demand, asking, hints, redeliverer};
  Sweeper sweeper{config, {clock, log, *ledger, github, ec2}, demand, launcher, lookout};
};

TEST_CASE("sweeper: a machine of ours without a lease is ended long before its deadline") {
  Swept service;
  service.list_machine("running", Seconds{3000});
  service.ec2_wire.answer(200, answer_xml("TerminateInstances", "<instancesSet/>"));
  const SweepReport report = service.sweeper.sweep();
  CHECK(report.orphans == 1);
  CHECK(report.terminated == 1);
  REQUIRE(service.ec2_wire.sent.size() == 2);
  CHECK(asked_for(service.ec2_wire, 1, "Action=TerminateInstances"));
  CHECK(asked_for(service.ec2_wire, 1, service.machine));
}

TEST_CASE("sweeper: one that ends already is not told again") {
  Swept service;
  service.list_machine("shutting-down", Seconds{3000});
  CHECK(service.sweeper.sweep().orphans == 0);
  CHECK(service.ec2_wire.sent.size() == 1);
}

}  // namespace
}  // namespace mayfly
