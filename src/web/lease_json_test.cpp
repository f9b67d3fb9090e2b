#include "web/lease_json.h"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "ledger/testing.h"

namespace mayfly {
namespace {

using testing::filled;
using testing::k_noon;

const std::string k_url = "https://ci.example.org";

Lease online_lease() {
  Lease lease;
  lease.id = LeaseId{"l-0123456789abcdef0123"};
  lease.repository = RepositoryName{"octo/repo"};
  lease.run_id = 42;
  lease.run_attempt = 2;
  lease.architecture = Architecture::arm64;
  lease.label = "mayfly-42-arm64";
  lease.labels = {"mayfly-42-arm64", "arch_arm64"};
  lease.state = LeaseState::online;
  lease.created_at = k_noon;
  lease.state_since = k_noon + Millis{1250};
  lease.deadline = k_noon + Seconds{3600};
  lease.launch.boots = 1;
  lease.launch.instance_id = InstanceId{"i-0123456789abcdef0"};
  lease.launch.instance_type = "c7g.large";
  lease.launch.zone = "us-east-2b";
  return lease;
}

TEST_CASE("lease json: a lease is shown with its public facts, in this very form") {
  CHECK(json::serialize(lease_json(online_lease(), k_url)) ==
        R"({"id":"l-0123456789abcdef0123","repository":"octo/repo","run_id":42,"run_attempt":2,)"
        R"("architecture":"arm64","label":"mayfly-42-arm64",)"
        R"("runs_on":["mayfly-42-arm64","arch_arm64"],"state":"online",)"
        R"("created_at":"2026-11-23T12:00:00.000Z","state_since":"2026-11-23T12:00:01.250Z",)"
        R"("deadline":"2026-11-23T13:00:00Z","instance_type":"c7g.large","zone":"us-east-2b",)"
        R"("market":"spot","launches":1,)"
        R"("status_url":"https://ci.example.org/v1/leases/l-0123456789abcdef0123"})");
}

TEST_CASE("lease json: outcome, reason and machine are there when there is one") {
  Lease lease = online_lease();
  lease.launch = Launch{};
  lease.state = LeaseState::gone;
  lease.outcome = Outcome::no_capacity;
  lease.reason = "no pool";
  const json::object shown = lease_json(lease, k_url);
  CHECK(json_string(shown, "outcome") == "no-capacity");
  CHECK(json_string(shown, "reason") == "no pool");
  for (const char* key : {"instance_type", "zone", "market"}) CHECK_FALSE(shown.contains(key));
  lease = online_lease();
  lease.launch.on_demand = true;
  CHECK(json_string(lease_json(lease, k_url), "market") == "on-demand");
}

// Against every field that a lease has, those of tomorrow included.
TEST_CASE("lease json: nothing that opens anything is shown") {
  const Lease lease = filled<Lease>();
  const std::string shown = json::serialize(lease_json(lease, k_url));
  for (const std::string& hidden :
       {lease.launch.nonce_sha256, lease.claim_key_sha256, lease.launch.request,
        lease.launch.client_token.text, lease.runner_name}) {
    const std::string number = hidden.substr(0, hidden.find(" with"));
    CHECK_MESSAGE(shown.find(number) == std::string::npos, number);
  }
  CHECK(lease_json(lease, k_url).size() == 18);
}

TEST_CASE("lease json: hostile text in a reason or a detail stays inside its string") {
  Lease lease = online_lease();
  lease.reason = "\"}],\"x\":\"\n\x1b<script>";
  const std::string shown = json::serialize(lease_json(lease, k_url));
  CHECK(shown.find('\n') == std::string::npos);
  CHECK(shown.find('\x1b') == std::string::npos);
  const auto read = parse_json(shown);
  REQUIRE(read);
  CHECK(json_string(read->get_object(), "reason") == lease.reason);
}

TEST_CASE("lease json: a timeline is its stamps in order, with a detail where there is one") {
  const LeaseId id{"l-0123456789abcdef0123"};
  CHECK(json::serialize(timeline_json(
            {{id, k_noon, "asked", "seed"}, {id, k_noon + Millis{7}, "verified", ""}})) ==
        R"([{"at":"2026-11-23T12:00:00.000Z","event":"asked","detail":"seed"},)"
        R"({"at":"2026-11-23T12:00:00.007Z","event":"verified"}])");
  CHECK(timeline_json({}).empty());
}

TEST_CASE("lease json: a machine is shown with its end and its price once it has ended") {
  MachineRecord machine;
  machine.instance_id = InstanceId{"i-0123456789abcdef0"};
  machine.instance_type = "c7g.large";
  machine.zone = "us-east-2b";
  machine.on_demand = true;
  machine.launched_at = k_noon;
  const std::string running =
      R"({"instance_id":"i-0123456789abcdef0","instance_type":"c7g.large","zone":"us-east-2b",)"
      R"("market":"on-demand","launched_at":"2026-11-23T12:00:00.000Z")";
  CHECK(json::serialize(machines_json({machine})) == "[" + running + "}]");
  machine.ended_at = k_noon + Seconds{60};
  machine.spent = Money{1'530'000};
  CHECK(json::serialize(machines_json({machine})) ==
        "[" + running + R"(,"ended_at":"2026-11-23T12:01:00.000Z","spent_usd_at_most":"$1.53"}])");
}

}  // namespace
}  // namespace mayfly
