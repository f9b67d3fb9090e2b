#include "service/claims.h"

#include <doctest/doctest.h>

#include "base/digest.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const std::string k_nonce(32, 'b');
const std::string k_key(32, 'a');
const InstanceId k_machine{"i-0123456789abcdef0"};

// A service with one lease whose machine has just booted.
struct Booted : Service {
  Booted() {
    Lease lease;
    lease.id = LeaseId{"l-0123456789abcdef0123"};
    lease.repository = config.repositories[0].name;
    lease.run_id = 42;
    lease.state = LeaseState::booting;
    lease.deadline = clock.wall() + Seconds{3600};
    lease.launch.instance_id = k_machine;
    lease.launch.nonce_sha256 = sha256_hex(k_nonce);
    id = reserved(lease).id;
    REQUIRE(ledger->find(id).value());
  }

  Code refusal(const std::string& nonce) {
    return claims.claim({id, k_machine, nonce, k_key}).error().code;
  }
  std::size_t stamps() { return ledger->events(id)->size(); }

  LeaseId id;
};

TEST_CASE("claims: who is refused again and again leaves one stamp for each reason") {
  Booted service;
  for (int n = 0; n < 20; ++n) CHECK(service.refusal(std::string(32, 'c')) == Code::claim_refused);
  CHECK(service.stamps() == 1);
  service.clock.advance(Seconds{3600});
  for (int n = 0; n < 20; ++n) CHECK(service.refusal(k_nonce) == Code::claim_refused);
  CHECK(service.stamps() == 2);
  CHECK(service.github_wire.sent.empty());
}

}  // namespace
}  // namespace mayfly
