#include "service/sweeper.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lease/enforce.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::answer_xml;

// A service that sweeps.
struct Swept : Service {
  explicit Swept(Config a_config = small_config()) : Service(std::move(a_config)) {}

  static LeaseId id_of(char digit) { return LeaseId{std::string("l-0123456789abcdef012") + digit}; }
  static InstanceId machine_of(char digit) {
    return InstanceId{std::string("i-0123456789abcdef") + digit};
  }
  std::string machine_xml(char digit, const std::string& state = "running") {
    const std::string expires = std::to_string(epoch_seconds(clock.wall() + Seconds{3000}));
    return instance_xml(digit,
                        tag_xml(k_tag_deployment, config.deployment) +
                            tag_xml(k_tag_lease, id_of(digit).text) + tag_xml(k_tag_launch, "1") +
                            tag_xml(k_tag_expires_at, expires),
                        state);
  }

  enum class Runner { none, fresh, idle };  // idle: for longer than it may

  // A lease whose machine boots, or whose runner waits. Each is of a run of its own: 40 and the
  // digit.
  Lease add(char digit, Runner runner) {
    Lease lease;
    lease.id = id_of(digit);
    lease.repository = config.repositories[0].name;
    lease.run_id = 40 + (digit - '0');
    lease.run_attempt = 2;  // as github/testing.h has it
    lease.deadline = clock.wall() + Seconds{3000};
    lease.launch.number = 1;
    lease.launch.instance_id = machine_of(digit);
    lease.launch.intended_at = clock.wall();
    lease.state = LeaseState::booting;
    lease.state_since = clock.wall();
    lease.metadata_off = true;
    if (runner != Runner::none) {
      lease.launch.boots = 1;
      lease.state = LeaseState::online;
      if (runner == Runner::idle) lease.state_since -= config.machine.idle_timeout + Seconds{1};
      lease.runner_id = digit;
      lease.runner_name = runner_name_for(config.deployment, lease.id, 1, 1);
    }
    return reserved(lease);
  }
  void list_runners(const std::string& digits) {
    std::string runners;
    for (const char digit : digits)
      runners += (runners.empty() ? "" : ",") +
                 github::runner_json(digit, runner_name_for(config.deployment, id_of(digit), 1, 1));
    github_wire.answer(200, github::runners_json(static_cast<int>(digits.size()), runners));
  }
  // The lease with digit 2, idle for longer than it may; of its run GitHub will say this.
  Lease idle_in(const std::string& run) {
    const Lease lease = add('2', Runner::idle);
    ec2_wire.answer(200, instances_xml(machine_xml('2')));
    list_runners("2");
    github_wire.answer(200, run);
    return lease;
  }
  int count(const std::string& method) const {
    return static_cast<int>(std::count_if(github_wire.sent.begin(), github_wire.sent.end(),
                                          [&](const auto& one) { return one.method == method; }));
  }
  bool has_terminated() const {
    return std::any_of(ec2_wire.sent.begin(), ec2_wire.sent.end(), [](const auto& one) {
      return one.request.body.find("Action=TerminateInstances") != std::string::npos;
    });
  }

  Hints hints;
  Redeliverer redeliverer{config, clock, log, github};
  Lookout lookout{config, {clock, log, *ledger}, demand, asking, hints, redeliverer};
  Sweeper sweeper{config, {clock, log, *ledger, github, ec2}, demand, launcher, lookout};
};

// --- Whose a machine is --------------------------------------------------------------------------

TEST_CASE("sweeper: a machine of ours without a lease is ended long before its deadline") {
  Swept service;
  service.ec2_wire.answer(200, instances_xml(service.machine_xml('0')));
  service.ec2_wire.answer(200, answer_xml("TerminateInstances", "<instancesSet/>"));
  const SweepReport report = service.sweeper.sweep();
  CHECK(report.orphans == 1);
  CHECK(report.terminated == 1);
  REQUIRE(service.ec2_wire.sent.size() == 2);
  CHECK(asked_for(service.ec2_wire, 1, "Action=TerminateInstances"));
  CHECK(asked_for(service.ec2_wire, 1, service.machine_of('0').text));
}

TEST_CASE("sweeper: one that ends already is not told again") {
  Swept service;
  service.ec2_wire.answer(200, instances_xml(service.machine_xml('0', "shutting-down")));
  CHECK(service.sweeper.sweep().orphans == 0);
  CHECK(service.ec2_wire.sent.size() == 1);
}

TEST_CASE("sweeper: a machine that was launched while EC2 was asked for its list is no orphan") {
  Swept service;
  service.ec2_wire.on_send = [&] {
    if (service.leases() == 0) (void)service.add('0', Swept::Runner::none);
  };
  service.ec2_wire.answer(200, instances_xml(service.machine_xml('0')));
  CHECK(service.sweeper.sweep().orphans == 0);
  CHECK_FALSE(service.has_terminated());
}

TEST_CASE("sweeper: a runner that was registered after GitHub's list was made is nobody's stray") {
  Config config = small_config();
  config.sweep_every = Seconds{5};  // so that lists are frequent
  Swept service(config);
  (void)service.add('0', Swept::Runner::fresh);
  // Whenever a list is asked for another machine has just registered its runner.
  char next = '1';
  service.github_wire.on_send = [&](const HttpRequest& request) {
    service.clock.advance(Seconds{5});
    if (request.url.find("/runners?") != std::string::npos)
      (void)service.add(next++, Swept::Runner::fresh);
  };
  service.ec2_wire.answer(200, instances_xml(service.machine_xml('0')));
  service.list_runners("01");
  service.github_wire.answer(200, github::run_json(40));
  service.list_runners("012");
  (void)service.sweeper.sweep();
  CHECK(next == '2');
  CHECK(service.count("DELETE") == 0);
}

// --- A runner that waits for longer than it may --------------------------------------------------

TEST_CASE("sweeper: an idle machine ends after GitHub has taken its runner off, and not before") {
  Swept service;
  const Lease lease = service.idle_in(github::run_json(42));
  service.ec2_wire.answer(200, answer_xml("TerminateInstances", "<instancesSet/>"));
  service.github_wire.on_send = [&](const HttpRequest& request) {
    if (request.method == "DELETE" && service.count("DELETE") == 1)
      CHECK_FALSE(service.has_terminated());
  };
  service.github_wire.answer(204, "");
  (void)service.sweeper.sweep();
  CHECK(service.count("DELETE") >= 1);
  CHECK(service.has_terminated());
  CHECK(service.ledger->find(lease.id).value()->outcome == Outcome::idle);
}

TEST_CASE("sweeper: one that GitHub has just given a job lives on, and is busy") {
  Swept service;
  const Lease lease = service.idle_in(github::run_json(42));
  service.github_wire.answer(422, R"({"message":"Runner is currently running a job"})");
  (void)service.sweeper.sweep();
  CHECK(service.count("DELETE") == 1);
  CHECK_FALSE(service.has_terminated());
  CHECK(service.ledger->find(lease.id).value()->state == LeaseState::busy);
}

TEST_CASE("sweeper: what could not be written is not done") {
  Swept service;
  std::string run = github::run_json(42);
  run.replace(run.find("in_progress"), 11, "completed");
  const Lease lease = service.idle_in(run);
  service.github_wire.on_send = [&](const HttpRequest& request) {
    if (request.url.find("/runs/42") == std::string::npos) return;
    Lease changed = service.ledger->find(lease.id).value().value();
    changed.job_seen = true;
    REQUIRE(service.ledger->update(changed, {}, std::nullopt));
  };
  (void)service.sweeper.sweep();
  CHECK(service.count("DELETE") == 0);
  CHECK_FALSE(service.has_terminated());
}

// --- Whose turn it is ----------------------------------------------------------------------------

TEST_CASE("sweeper: a GitHub that answers once in a sweep is asked about each lease in its turn") {
  Swept service;
  std::string machines;
  for (const char digit : {'1', '2', '3'}) {
    (void)service.add(digit, Swept::Runner::none);
    machines += service.machine_xml(digit);
  }
  std::vector<std::string> answered;
  for (int n = 0; n < 3; ++n) {
    const std::size_t before = service.github_wire.sent.size();
    service.ec2_wire.answer(200, instances_xml(machines));
    service.github_wire.answer(200, github::run_json(41));
    (void)service.sweeper.sweep();
    REQUIRE(service.github_wire.sent.size() > before);
    answered.push_back(service.github_wire.sent[before].url);
    service.clock.advance(Seconds{120});  // nothing is believed for so long
  }
  std::sort(answered.begin(), answered.end());
  CHECK(std::unique(answered.begin(), answered.end()) == answered.end());
}

}  // namespace
}  // namespace mayfly
