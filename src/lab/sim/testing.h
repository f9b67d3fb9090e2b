#pragma once

// For the laws' own tests: a world in which nothing happens but what the test does, and one law
// that watches it. One thread.

#include <doctest/doctest.h>

#include <algorithm>

#include "lab/rig/watch.h"
#include "lab/sim/callers.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {

inline constexpr const char* k_lease = "l-aaaaaaaaaaaaaaaaaaaa";
inline constexpr const char* k_nonce = "00112233445566778899aabbccddeeff";
inline constexpr const char* k_label = "rr_runner_1";

inline Scenario without_service() {
  Scenario scenario = *find_scenario("one-run");
  scenario.has_enforcer = false;
  return scenario;  // its server is never started
}

// A world in which nothing happens but what the test does, and one law that watches it.
class Watched {
 public:
  explicit Watched(std::unique_ptr<Law> (*make)(SharedBooks),
                   const Scenario& scenario = without_service())
      : world(scenario, 1, {}), law_(make(std::make_shared<Books>())) {}

  [[nodiscard]] bool is_broken() const { return !law_->violations().empty(); }
  [[nodiscard]] std::string what() const {
    return is_broken() ? law_->violations().front().what : "";
  }
  [[nodiscard]] Law& law() { return *law_; }

  void pass(Millis d) {
    const SteadyTime end = world.clock.steady() + d;
    while (world.clock.steady() < end) {
      world.run_until(std::min(end, world.clock.steady() + Seconds{5}));
      law_->look(world);
    }
  }

  // A lease as the service writes one that has just been asked for.
  Lease new_lease(RunId run) {
    Lease lease;
    lease.id = LeaseId{k_lease};
    lease.repository = world.config.repositories.front().name;
    lease.run_id = run;
    lease.label = k_label;
    lease.labels = {k_label, "arch_x86_64"};
    lease.source = Source::seed;
    lease.created_at = lease.state_since = world.now();
    lease.deadline = world.now() + world.config.machine.lifetime;
    lease.reserved = price_for(world.config.worst_price_for(Architecture::x86_64),
                               world.config.machine.lifetime);
    lease.launch.number = 1;
    lease.launch.pending = true;
    lease.launch.intended_at = world.now();
    lease.launch.client_token = ClientToken{"token-1"};
    lease.launch.request = launch_request(lease.id.text, "token-1");
    return lease;
  }

  Lease reserve(const Lease& lease) {
    auto made = world.ledger().reserve({lease}, {}, world.config.limits, world.now());
    REQUIRE(made.has_value());
    world.note_write();
    law_->look(world);
    return made->front().lease;
  }

  Lease write(const Lease& lease) {
    auto written = world.ledger().update(lease, {}, std::nullopt);
    REQUIRE(written.has_value());
    world.note_write();
    law_->look(world);
    return *written;
  }

  // Its machine boots.
  Lease with_machine(Lease lease) {
    start_instance(world, tags());
    lease.launch.pending = false;
    lease.launch.request.clear();
    lease.launch.boots = 1;
    lease.launch.instance_id = machine().id;
    lease.state = LeaseState::booting;
    return write(lease);
  }

  [[nodiscard]] aws::Tags tags() {
    const WallTime deadline = world.now() + world.config.machine.lifetime;
    return {{k_tag_deployment, world.config.deployment},
            {k_tag_lease, k_lease},
            {k_tag_launch, "1"},
            {k_tag_claim, k_nonce},
            {k_tag_expires_at, std::to_string(epoch_seconds(deadline))}};
  }

  [[nodiscard]] FakeInstance machine() { return live_instances(*world.aws).back(); }

  // One run with one job that waits for a runner with the label.
  RunId start_run() {
    RunSpec spec;
    spec.repository = world.config.repositories.front().name;
    spec.jobs.push_back({.name = "test", .labels = {k_label, "arch_x86_64"}});
    return world.github->start_run(std::move(spec));
  }

  static std::string launch_request(const std::string& lease, const std::string& token) {
    return "Action=CreateFleet&ClientToken=" + token +
           "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=" + k_tag_lease +
           "&TagSpecification.1.Tag.1.Value=" + lease;
  }

  void sends(const std::string& call, const std::string& body) {
    const HttpRequest request{"POST", std::string(k_ec2_url) + "/", {}, body, {}};
    law_->before(world, "server-1", call, request);
  }

  // The service is about to tell GitHub to cancel the run.
  void cancels(RunId run) {
    const std::string call = "POST /repos/" + world.config.repositories.front().name.text +
                             "/actions/runs/" + std::to_string(run) + "/cancel";
    law_->before(world, "server-1", call, {"POST", call, {}, "", {}});
  }

  // The service has answered somebody.
  void answers(const std::string& who, const HttpRequest& request, const std::string& call,
               HttpResponse response, Millis took = Millis{5}) {
    const Result<HttpResponse> answer = response;
    law_->after(world, {Edge::api, who, call, request, &response, answer, took});
  }

  SimWorld world;

 private:
  std::unique_ptr<Law> law_;
};

}  // namespace mayfly::lab::sim
