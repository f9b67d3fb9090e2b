#include "service/launcher.h"

#include <doctest/doctest.h>

#include <map>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

// A lease as Asking drafts it, with its intent in the ledger.
Lease intended(Service& service, Source source = Source::v1) {
  Lease lease;
  lease.id = LeaseId{"l-0123456789abcdef0123"};
  lease.repository = service.config.repositories[0].name;
  lease.source = source;
  lease.label = "mayfly-42-x86_64";
  lease.deadline = service.clock.wall() + Seconds{3600};
  REQUIRE(service.launcher.intend(lease, false));
  return service.reserved(lease);
}

Lease sent(Service& service, const Lease& lease) {
  auto written = service.launcher.send(lease, Launcher::Intent::fresh);
  REQUIRE_MESSAGE(written.has_value(), written.error().message);
  return *written;
}

std::string refused_xml(const std::vector<std::string>& codes) {
  std::string items;
  for (const std::string& code : codes)
    items += "<item><errorCode>" + code + "</errorCode><errorMessage>m</errorMessage></item>";
  return aws::testing::answer_xml("CreateFleet", "<errorSet>" + items + "</errorSet>");
}

TEST_CASE("launcher: an intent is complete before it is sent, and is sent byte for byte") {
  Service service;
  const Lease lease = intended(service);
  CHECK(lease.launch.pending);
  CHECK(lease.launch.number == 1);
  CHECK(service.calls() == 0);
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  (void)sent(service, lease);
  CHECK(service.ec2_wire.body(0) == lease.launch.request);
}

TEST_CASE("launcher: a machine settles the intent and is recorded in the same write") {
  Service service;
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  const Lease lease = sent(service, intended(service));
  CHECK(lease.state == LeaseState::booting);
  CHECK_FALSE(lease.launch.pending);
  CHECK(lease.launch.request.empty());
  CHECK(lease.launch.instance_id.text == "i-0123456789abcdef0");
  CHECK(lease.launch.usd_per_hour == Money{90'000});
  CHECK(service.ledger->machines(lease.id).value().size() == 1);
}

TEST_CASE("launcher: an answer that is lost leaves the intent as it was, for the sweep") {
  Service service;
  const Lease lease = intended(service);
  for (int i = 0; i < 3; ++i) service.ec2_wire.fail_with(Code::transport_lost);
  const Lease after = sent(service, lease);
  CHECK(after.launch.pending);
  CHECK(after.version == lease.version);
}

TEST_CASE(
    "launcher: a refusal after a lost answer decides nothing: the lost one may have launched") {
  Service service;
  service.ec2_wire.fail_with(Code::transport_lost);
  service.ec2_wire.answer(400, aws::testing::error_xml("InvalidParameterValue"));
  CHECK(sent(service, intended(service)).launch.pending);
}

TEST_CASE("launcher: a fleet's error that only the owner can mend ends the lease with its name") {
  Service service;
  service.ec2_wire.answer(200,
                          refused_xml({"InsufficientInstanceCapacity", "UnauthorizedOperation"}));
  const Lease lease = sent(service, intended(service));
  CHECK(lease.state == LeaseState::ending);
  CHECK(lease.outcome == Outcome::refused);
  CHECK(lease.reason.starts_with("aws-denied: "));
}

TEST_CASE("launcher: what EC2 answered is written also when a doorbell rang meanwhile") {
  Config config = small_config();
  config.machine.on_demand = OnDemand::never;
  const auto launched = launched_xml("i-0123456789abcdef0");
  const std::map<std::string, LeaseState> after = {
      {launched, LeaseState::booting},
      {refused_xml({"InsufficientInstanceCapacity"}), LeaseState::launching},
      {refused_xml({"UnauthorizedOperation"}), LeaseState::ending}};
  for (const auto& [answer, state] : after) {
    CAPTURE(answer);
    Service service(config);
    service.ec2_wire.answer(200, answer);
    const Lease lease = intended(service);
    Lease rung = lease;
    rung.release_asked = true;
    REQUIRE(service.ledger->update(rung, {}, std::nullopt));
    const Lease settled = sent(service, lease);
    CHECK(settled.state == state);
    CHECK_FALSE(settled.launch.pending);
  }
}

TEST_CASE("launcher: an answer changes nothing where the sweep settled the launch before") {
  Service service;
  service.ec2_wire.answer(200, refused_xml({"UnauthorizedOperation"}));
  const Lease lease = intended(service);
  Decision adopted{lease, true, {}, {}};
  adopted.next.launch.pending = false;
  adopted.next.launch.instance_id = InstanceId{"i-0123456789abcdef0"};
  move_to(adopted, LeaseState::booting, service.clock.wall());
  REQUIRE(service.ledger->update(adopted.next, adopted.events, std::nullopt));
  CHECK(sent(service, lease).state == LeaseState::booting);
}

TEST_CASE("launcher: a rate limit or an outage inside a fleet's answer refuses nothing for good") {
  for (const char* code : {"RequestLimitExceeded", "InternalError"}) {
    CAPTURE(std::string(code));
    Service service;
    service.ec2_wire.answer(200, refused_xml({code}));
    service.ec2_wire.answer(200, refused_xml({code}));  // on-demand
    const Lease lease = sent(service, intended(service));
    CHECK(lease.state == LeaseState::launching);
    CHECK(lease.next_launch_at.has_value());
    CHECK(lease.reason.find(code) != std::string::npos);
  }
}

TEST_CASE("launcher: the stamp of a machine names it, its type, zone and market, and its image") {
  Service service;
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  const Lease lease = sent(service, intended(service));
  const LeaseEvent booting = service.ledger->events(lease.id)->back();
  CHECK(booting.name == "booting");
  CHECK(booting.detail.starts_with("i-0123456789abcdef0 "));
  CHECK(booting.detail.ends_with(" spot ami-0a"));
}

TEST_CASE(
    "launcher: on-demand is tried where spot has none, as a launch with an intent of its own") {
  Service service;
  service.ec2_wire.answer(200, refused_xml({"InsufficientInstanceCapacity"}));
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  const Lease lease = sent(service, intended(service));
  CHECK(lease.state == LeaseState::booting);
  CHECK(lease.launch.number == 2);
  CHECK(asked_for(service.ec2_wire, 0, "DefaultTargetCapacityType=spot"));
  CHECK(asked_for(service.ec2_wire, 1, "DefaultTargetCapacityType=on-demand"));
}

TEST_CASE("launcher: without capacity a v1 lease waits and a seed lease ends at once") {
  Config config = small_config();
  config.machine.on_demand = OnDemand::never;
  for (const Source source : {Source::v1, Source::seed}) {
    Service service(config);
    service.ec2_wire.answer(200, refused_xml({"InsufficientInstanceCapacity"}));
    const Lease lease = sent(service, intended(service, source));
    const bool waits = lease.state == LeaseState::launching && lease.give_up_at.has_value();
    const bool ended = lease.outcome == Outcome::no_capacity;
    CHECK(waits == (source == Source::v1));
    CHECK(ended == (source == Source::seed));
    if (waits) CHECK(lease.next_launch_at == service.clock.wall() + Seconds{20});
  }
}

}  // namespace
}  // namespace mayfly
