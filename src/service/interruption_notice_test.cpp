#include "service/interruption_notice.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

Lease with_machine(Service& service) {
  Lease lease;
  lease.id = LeaseId{"l-0123456789abcdef0123"};
  lease.repository = service.config.repositories[0].name;
  lease.label = "mayfly-42-x86_64";
  lease.deadline = service.clock.wall() + Seconds{3600};
  REQUIRE(service.launcher.intend(lease, false));
  const Caps caps{9, 9, 9, Money{1'000'000}, Money{1'000'000}};
  lease = service.ledger->reserve({lease}, {}, caps, service.clock.wall()).value().at(0).lease;
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  return service.launcher.send(lease, Launcher::Intent::fresh).value();
}

Status note(Service& service, const std::string& instance) {
  return note_interruption({service.clock, service.log, *service.ledger}, InstanceId{instance});
}

TEST_CASE("interruption notice: it is stamped once on the lease of the machine, which goes on") {
  Service service;
  const Lease lease = with_machine(service);
  const std::size_t stamps = service.ledger->events(lease.id)->size();
  REQUIRE(note(service, "i-0123456789abcdef0"));
  REQUIRE(note(service, "i-0123456789abcdef0"));
  const auto events = service.ledger->events(lease.id).value();
  CHECK(events.size() == stamps + 1);
  CHECK(events.back().name == k_interruption_announced);
  CHECK(events.back().detail.find("i-0123456789abcdef0") != std::string::npos);
  CHECK(service.ledger->find(lease.id)->value().state == LeaseState::booting);
}

TEST_CASE("interruption notice: one of another machine is no error and changes nothing") {
  Service service;
  const Lease lease = with_machine(service);
  const std::size_t stamps = service.ledger->events(lease.id)->size();
  REQUIRE(note(service, "i-0123456789abcdef1"));
  CHECK(service.ledger->events(lease.id)->size() == stamps);
}

}  // namespace
}  // namespace mayfly
