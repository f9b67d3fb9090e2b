#include "service/observer.h"

#include <doctest/doctest.h>

#include "lease/enforce.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::error_xml;

std::string machine_xml(char digit, const Lease& lease, int launch,
                        const std::string& state = "running") {
  return instance_xml(digit,
                      tag_xml(k_tag_deployment, "ci") + tag_xml(k_tag_lease, lease.id.text) +
                          tag_xml(k_tag_launch, std::to_string(launch)),
                      state);
}

// A sweep's look at one lease.
struct Look : Service {
  Look() {
    lease.id = LeaseId{"l-0123456789abcdef0123"};
    lease.repository = config.repositories[0].name;
    lease.run_id = 42;
    lease.state = LeaseState::launching;
    lease.launch.number = 2;
    lease.launch.pending = true;
    lease.launch.client_token = ClientToken{"token"};
    lease.deadline = clock.wall() + Seconds{3600};
  }
  void list(const std::string& machines) { ec2_wire.answer(200, instances_xml(machines)); }
  LeaseFacts facts() {
    observer.begin();
    observer.know({lease});
    return observer.facts_for(lease);
  }

  Lease lease;
  Observer observer{config, {clock, github, ec2}, demand};
};

TEST_CASE("observer: while EC2 does not answer, no machine is absent") {
  Look look;
  look.lease.launch.instance_id = InstanceId{"i-0123456789abcdef1"};
  look.ec2_wire.answer(400, error_xml("UnauthorizedOperation"));
  CHECK(look.facts().machine.seen == MachineSeen::unknown);
  look.list("");
  CHECK(look.facts().machine.seen == MachineSeen::absent);
}

TEST_CASE("observer: a machine of the launch before is not this launch's") {
  Look look;
  look.list(machine_xml('1', look.lease, 1));
  CHECK(look.facts().machine.seen == MachineSeen::absent);
  look.list(machine_xml('1', look.lease, 1, "terminated") + machine_xml('2', look.lease, 2));
  const MachineFact fact = look.facts().machine;
  CHECK(fact.seen == MachineSeen::alive);
  CHECK(fact.instance_id == InstanceId{"i-0123456789abcdef2"});
}

TEST_CASE("observer: of a launch for several nobody is known while the list lacks one of them") {
  Look look;
  look.lease.launch.batch = look.lease.id;
  look.lease.launch.batch_size = 3;
  look.list(machine_xml('1', look.lease, 2) + machine_xml('2', look.lease, 2));
  const MachineFact fact = look.facts().machine;
  CHECK(fact.seen == MachineSeen::alive);
  CHECK(fact.instance_id.text.empty());
  look.list(machine_xml('1', look.lease, 2) + machine_xml('2', look.lease, 2) +
            machine_xml('3', look.lease, 2));
  CHECK(look.facts().machine.instance_id == InstanceId{"i-0123456789abcdef1"});
}

TEST_CASE("observer: an attempt that was re-run is over, also while the run lives") {
  for (const int attempt : {1, 2}) {
    CAPTURE(attempt);
    Look look;
    look.lease.run_attempt = attempt;
    look.list("");
    look.github_wire.answer(200, github::run_json(42));  // in its second attempt
    CHECK(look.facts().run == (attempt == 2 ? RunSeen::live : RunSeen::over));
  }
}

}  // namespace
}  // namespace mayfly
