// Leases of one launch: one call, one nonce, and for each of them the machine of its place.

#include <doctest/doctest.h>

#include "service/observer.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr int k_count = 3;
const std::string k_key(32, 'a');

std::string id_of(char digit) { return std::string("i-0123456789abcdef") + digit; }

std::string fleet_of(const std::string& digits) {
  std::string ids;
  for (const char digit : digits) ids += "</item><item>" + id_of(digit);
  return launched_xml(ids.substr(13));
}

struct Batch : Service {
  explicit Batch(Config a_config = small_config()) : Service(std::move(a_config)) {
    std::vector<Lease> drafts;
    std::vector<Lease*> together;
    for (int n = 0; n < k_count; ++n) {
      Lease lease;
      lease.id = LeaseId{"l-0123456789abcdef012" + std::to_string(n)};
      lease.repository = config.repositories[0].name;
      lease.run_id = 42;
      lease.index = n;
      lease.deadline = clock.wall() + Seconds{3600};
      drafts.push_back(lease);
    }
    for (Lease& lease : drafts) together.push_back(&lease);
    REQUIRE(launcher.intend_together(together, false));
    const Caps caps{9, 9, 9, Money{1'000'000}, Money{1'000'000}};
    REQUIRE(ledger->reserve(drafts, {}, caps, clock.wall()));
    const std::string& request = drafts.front().launch.request;
    nonce = request.substr(request.find("Value=", request.find("mayfly%3Aclaim")) + 6, 32);
  }

  std::vector<Lease> leases() const {
    std::vector<Lease> all = ledger->live().value();
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
  }
  void send(Launcher::Intent intent = Launcher::Intent::fresh) {
    std::vector<Lease> pending = leases();
    std::erase_if(pending, [](const Lease& lease) { return !lease.launch.pending; });
    for (const auto& sent : launcher.send_together(std::move(pending), intent))
      REQUIRE(sent.has_value());
  }
  void lose_answers() {
    for (int i = 0; i < 3; ++i) ec2_wire.fail_with(Code::transport_lost);
  }
  // The last digits of the machines, in the order of the leases; '-': none.
  std::string bound() const {
    std::string digits;
    for (const Lease& lease : leases())
      digits += lease.launch.instance_id.empty() ? '-' : lease.launch.instance_id.text.back();
    return digits;
  }
  Result<ClaimAnswer> claim(int named, char machine) {
    const LeaseId id = leases()[static_cast<std::size_t>(named)].id;
    return claims.claim({id, InstanceId{id_of(machine)}, nonce, k_key});
  }
  std::optional<BootedAnswer> booted(int named, char machine) {
    github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "abcd") + "]");
    const LeaseId id = leases()[static_cast<std::size_t>(named)].id;
    return claims.record({id, nonce, "booted", id_of(machine)}).value();
  }

  std::string nonce;
};

TEST_CASE("batch: one call launches for all, and ids in their order find the leases in theirs") {
  Batch batch;
  CHECK(batch.leases()[0].launch.request.find("TotalTargetCapacity=3") != std::string::npos);
  batch.ec2_wire.answer(200, fleet_of("927"));
  batch.send();
  CHECK(batch.ec2_wire.sent.size() == 1);
  CHECK(batch.bound() == "279");
}

TEST_CASE("batch: one that somebody else has changed meanwhile holds none of the others up") {
  Batch batch;
  std::vector<Lease> pending = batch.leases();
  Lease changed = pending[1];
  changed.release_asked = true;
  REQUIRE(batch.ledger->update(changed, {}, std::nullopt));
  batch.ec2_wire.answer(200, fleet_of("927"));
  for (const auto& sent : batch.launcher.send_together(pending, Launcher::Intent::fresh))
    CHECK(sent.value().state == LeaseState::booting);
  CHECK(batch.bound() == "279");
  CHECK(batch.leases()[1].release_asked);
}

TEST_CASE(
    "batch: a lost answer leaves all pending, and the same bytes bind them as it would have") {
  Batch batch;
  const std::string intent = batch.leases()[0].launch.request;
  batch.lose_answers();
  batch.send();
  CHECK(batch.bound() == "---");
  batch.ec2_wire.answer(200, fleet_of("972"));
  batch.send(Launcher::Intent::resent);
  CHECK(batch.ec2_wire.sent.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(batch.ec2_wire.body(i) == intent);
  CHECK(batch.bound() == "279");
}

TEST_CASE("batch: who gets none of too small a fleet asks for one alone, with a token of its own") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("92"));
  batch.ec2_wire.answer(200, fleet_of("5"));
  batch.send();
  CHECK(batch.bound() == "295");
  const Lease last = batch.leases()[2];
  CHECK(last.launch.batch.empty());
  CHECK(last.launch.client_token != batch.leases()[0].launch.client_token);
  CHECK(batch.ec2_wire.body(1).find("TotalTargetCapacity=1") != std::string::npos);
}

TEST_CASE("batch: an answer cut short between its leases is finished by sending it again") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("279"));
  const auto first = batch.launcher.send_together({batch.leases()[0]}, Launcher::Intent::fresh);
  REQUIRE(first.front().has_value());
  CHECK(batch.bound() == "2--");
  batch.ec2_wire.answer(200, fleet_of("279"));
  batch.send(Launcher::Intent::resent);
  CHECK(batch.bound() == "279");
}

// What the next sweep knows of the lease's launch.
bool is_refused(Batch& batch, std::size_t place) {
  Observer observer(batch.config, {batch.clock, batch.github, batch.ec2}, batch.demand);
  batch.ec2_wire.answer(200, aws::testing::answer_xml("DescribeInstances", "<reservationSet/>"));
  observer.begin();
  observer.know(batch.leases());
  Lease lease = batch.leases()[place];
  return observer.facts_for(lease).is_launch_refused;
}

TEST_CASE("batch: who has not had an answer that was none to others does not send it again") {
  Batch batch;
  CHECK_FALSE(is_refused(batch, 0));
  Lease other = batch.leases()[1];
  other.launch.pending = false;
  other.launch.request.clear();
  REQUIRE(batch.ledger->update(other, {}, std::nullopt));
  CHECK(is_refused(batch, 0));
  CHECK_FALSE(is_refused(batch, 1));
}

TEST_CASE("batch: where another has a machine of it EC2 knows the launch, and it is sent again") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("279"));
  REQUIRE(batch.launcher.send_together({batch.leases()[0]}, Launcher::Intent::fresh)
              .front()
              .has_value());
  CHECK_FALSE(is_refused(batch, 1));
}

TEST_CASE("batch: whom a differing answer leaves another's machine asks for one alone") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("279"));
  REQUIRE(batch.launcher.send_together({batch.leases()[2]}, Launcher::Intent::fresh)
              .front()
              .has_value());
  batch.ec2_wire.answer(200, fleet_of("79"));
  batch.ec2_wire.answer(200, fleet_of("5"));
  REQUIRE(batch.launcher.send_together({batch.leases()[1]}, Launcher::Intent::resent)
              .front()
              .has_value());
  CHECK(batch.bound() == "-59");
}

TEST_CASE("batch: a machine that is early waits, and each is then told its own lease") {
  Batch batch;
  CHECK(batch.claim(0, '7').error().code == Code::claim_not_yet);
  CHECK(batch.booted(0, '7')->lease_id.empty());
  CHECK(batch.ledger->events(batch.leases()[0].id).value().empty());
  batch.ec2_wire.answer(200, fleet_of("279"));
  batch.send();
  const std::vector<Lease> leases = batch.leases();
  CHECK(batch.booted(0, '7')->lease_id == leases[1].id);
  CHECK(batch.booted(1, '7')->lease_id == leases[1].id);
  CHECK(batch.claim(0, '8').error().code == Code::claim_not_yet);
  CHECK(batch.claim(2, '7').error().code == Code::claim_not_yet);  // its tags name the first

  batch.ec2_wire.answer(200, aws::testing::answer_xml("ModifyInstanceMetadataOptions", ""));
  batch.github_wire.answer(201,
                           R"({"runner":{"id":7,"name":"mf","os":"unknown","status":"offline",)"
                           R"("busy":false,"labels":[]},"encoded_jit_config":"SklU"})");
  const auto answer = batch.claim(0, '7');
  REQUIRE(answer.has_value());
  CHECK(answer->lease_id == leases[1].id);
  CHECK(batch.leases()[0].state == LeaseState::booting);
  CHECK(batch.leases()[1].state == LeaseState::claimed);
}

TEST_CASE("batch: whoever lacks the nonce gets nothing, whichever machine it names") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("279"));
  batch.send();
  batch.nonce = std::string(32, 'f');
  for (const char machine : {'2', '7', '8'})
    CHECK(batch.claim(0, machine).error().code == Code::claim_refused);
}

TEST_CASE("batch: after its claim a machine reports with its key, which claims nothing") {
  Batch batch;
  batch.ec2_wire.answer(200, fleet_of("279"));
  batch.send();
  batch.ec2_wire.answer(200, aws::testing::answer_xml("ModifyInstanceMetadataOptions", ""));
  batch.github_wire.answer(201,
                           R"({"runner":{"id":7,"name":"mf","os":"unknown","status":"offline",)"
                           R"("busy":false,"labels":[]},"encoded_jit_config":"SklU"})");
  REQUIRE(batch.claim(0, '2').has_value());
  const LeaseId own = batch.leases()[0].id;
  const LeaseId other = batch.leases()[1].id;
  CHECK(batch.claims.record({own, k_key, "job-started", ""}).has_value());
  CHECK(batch.claims.record({other, k_key, "job-started", ""}).error().code == Code::claim_refused);
  batch.nonce = k_key;
  CHECK(batch.claim(0, '2').error().code == Code::claim_refused);
  CHECK(batch.claim(1, '7').error().code == Code::claim_refused);
}

}  // namespace
}  // namespace mayfly
