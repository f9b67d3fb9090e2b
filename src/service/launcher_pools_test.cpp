// What a launch makes of the memory of pools.

#include <doctest/doctest.h>

#include "aws/fleet_request.h"
#include "service/launcher.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

Lease intended(Service& service, const std::string& last_digit = "3", bool on_demand = false,
               int interruptions = 0) {
  Lease lease;
  lease.interruptions = interruptions;
  lease.id = LeaseId{"l-0123456789abcdef012" + last_digit};
  lease.repository = service.config.repositories[0].name;
  lease.label = "mayfly-42-x86_64";
  lease.deadline = service.clock.wall() + Seconds{3600};
  REQUIRE(service.launcher.intend(lease, on_demand));
  const Caps caps{9, 9, 9, Money{1'000'000}, Money{1'000'000}};
  return service.ledger->reserve({lease}, {}, caps, service.clock.wall()).value().at(0).lease;
}

std::string place_xml(const std::string& subnet) {
  return "<launchTemplateAndOverrides><overrides><instanceType>c7i.large</instanceType><subnetId>" +
         subnet + "</subnetId></overrides></launchTemplateAndOverrides>";
}

std::string without_room_xml(const std::vector<std::string>& subnets,
                             const std::string& code = "InsufficientInstanceCapacity") {
  std::string items;
  for (const std::string& subnet : subnets)
    items += "<item>" + place_xml(subnet) + "<errorCode>" + code +
             "</errorCode><errorMessage>m</errorMessage></item>";
  return aws::testing::answer_xml("CreateFleet", "<errorSet>" + items + "</errorSet>");
}

std::string launched_in_xml(const std::string& subnet) {
  return aws::testing::answer_xml(
      "CreateFleet", "<fleetInstanceSet><item>" + place_xml(subnet) +
                         "<lifecycle>spot</lifecycle><instanceIds><item>i-0123456789abcdef0</item>"
                         "</instanceIds></item></fleetInstanceSet>");
}

bool names(const Lease& lease, const std::string& subnet) {
  return lease.launch.request.find(".SubnetId=" + subnet) != std::string::npos;
}

Lease sent(Service& service, const Lease& lease) {
  auto written = service.launcher.send(lease, Launcher::Intent::fresh);
  REQUIRE_MESSAGE(written.has_value(), written.error().message);
  return *written;
}

Config spot_alone() {
  Config config = small_config();
  config.machine.on_demand = OnDemand::never;
  return config;
}

TEST_CASE("launcher: a pool that had nothing is left out of the next launch, for a while") {
  Service service(spot_alone());
  service.ec2_wire.answer(200, without_room_xml({"subnet-0a"}));
  (void)sent(service, intended(service));
  Lease next = intended(service, "4");
  CHECK_FALSE(names(next, "subnet-0a"));
  CHECK(names(next, "subnet-0b"));
  service.clock.advance(Seconds{121});
  next = intended(service, "5");
  CHECK(names(next, "subnet-0a"));
}

TEST_CASE("launcher: what owners must mend says nothing of a pool's room") {
  Service service(spot_alone());
  service.ec2_wire.answer(200, without_room_xml({"subnet-0a"}, "MaxSpotInstanceCountExceeded"));
  (void)sent(service, intended(service));
  CHECK(names(intended(service, "4"), "subnet-0a"));
}

TEST_CASE("launcher: where the named pools have nothing the others are tried at once") {
  Service service(spot_alone());
  service.ec2_wire.answer(200, without_room_xml({"subnet-0a"}));
  (void)sent(service, intended(service));
  service.ec2_wire.answer(200, without_room_xml({"subnet-0b"}));
  service.ec2_wire.answer(200, launched_in_xml("subnet-0a"));
  const Lease lease = sent(service, intended(service, "4"));
  CHECK(lease.state == LeaseState::booting);
  CHECK(lease.launch.subnet == "subnet-0a");
  CHECK(aws::overrides_in(service.ec2_wire.body(2)) == 2);
  CHECK(names(intended(service, "5"), "subnet-0a"));
}

TEST_CASE("launcher: spot's memory does not keep on-demand out of a pool") {
  Service service;
  service.ec2_wire.answer(200, without_room_xml({"subnet-0a", "subnet-0b"}));
  service.ec2_wire.answer(200, launched_in_xml("subnet-0b"));
  const Lease lease = sent(service, intended(service));
  CHECK(lease.state == LeaseState::booting);
  CHECK(service.ec2_wire.body(1).find("OnDemandTargetCapacity=1") != std::string::npos);
  CHECK(aws::overrides_in(service.ec2_wire.body(1)) == 2);
}

TEST_CASE("launcher: a pool whose machines are taken back again and again is left out") {
  Service service(spot_alone());
  Launch launch;
  launch.instance_type = "c7i.large";
  launch.subnet = "subnet-0b";
  for (int i = 0; i < 3; ++i) service.launcher.note_interrupted(launch);
  const Lease lease = intended(service);
  CHECK(names(lease, "subnet-0a"));
  CHECK_FALSE(names(lease, "subnet-0b"));
}

TEST_CASE("launcher: after an interruption a lease goes on-demand, as far as the policy allows") {
  using enum OnDemand;
  for (const auto& [policy, is_paid] : std::initializer_list<std::pair<OnDemand, bool>>{
           {never, false}, {after_interruptions, true}, {when_no_spot, true}}) {
    Config config = small_config();
    config.machine.on_demand = policy;
    config.machine.spot_interruptions_max = 2;
    Service service(config);
    Lease lease;
    lease.interruptions = 1;
    CHECK_FALSE(service.launcher.starts_on_demand(lease));
    lease.interruptions = 2;
    CHECK(service.launcher.starts_on_demand(lease) == is_paid);
  }
}

TEST_CASE("launcher: only after interruptions means not for want of spot capacity") {
  Config config = small_config();
  config.machine.on_demand = OnDemand::after_interruptions;
  Service service(config);
  service.ec2_wire.answer(200, without_room_xml({"subnet-0a", "subnet-0b"}));
  CHECK(sent(service, intended(service)).state == LeaseState::launching);
  CHECK(service.ec2_wire.sent.size() == 1);
}

TEST_CASE("launcher: whom on-demand has no room for after an interruption gets a spot machine") {
  for (const OnDemand policy : {OnDemand::after_interruptions, OnDemand::when_no_spot}) {
    Config config = small_config();
    config.machine.on_demand = policy;
    Service service(config);
    service.ec2_wire.answer(200, without_room_xml({"subnet-0a", "subnet-0b"}));
    service.ec2_wire.answer(200, without_room_xml({"subnet-0a", "subnet-0b"}));
    const Lease lease = intended(service, "3", true, 1);
    CHECK(sent(service, lease).state == LeaseState::launching);
    REQUIRE(service.ec2_wire.sent.size() == 2);
    CHECK(service.ec2_wire.body(0).find("OnDemandTargetCapacity=1") != std::string::npos);
    CHECK(service.ec2_wire.body(1).find("SpotTargetCapacity=1") != std::string::npos);
  }
}

}  // namespace
}  // namespace mayfly
