#include "service/asking.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

TEST_CASE(
    "asking: who takes the last place while GitHub is asked has it, and nobody has it twice") {
  Config config = small_config();
  config.limits.machines = 1;
  Service service(config);
  service.github_wire.answer(200, github::run_json(42));
  service.github_wire.on_send = [&](const HttpRequest&) {
    Lease other;
    other.id = LeaseId{"l-0123456789abcdef0123"};
    other.repository = config.repositories[0].name;
    other.deadline = service.clock.wall() + Seconds{3600};
    REQUIRE(service.ledger->reserve({other}, {}, config.limits, service.clock.wall()));
  };
  const auto asked =
      service.asking.create({RepositoryName{"octo/repo"}, 42, 0, {{Architecture::x86_64, 1}}});
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::limit_machines);
  CHECK(service.leases() == 1);
  CHECK(service.ec2_wire.sent.empty());
}

TEST_CASE("asking: a label that was never asked for is released as well, and the doorbell rings") {
  Service service;
  const auto released = service.asking.release_labels({"rr_runner_unknown"});
  REQUIRE(released);
  CHECK(released->empty());
  CHECK(service.doorbell.rings == 1);
}

}  // namespace
}  // namespace mayfly
