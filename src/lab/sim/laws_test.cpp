// No law is blind: each is shown a world that breaks its promise, made by hand, and the same world
// without the breach.

#include "lab/sim/laws.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lab/rig/watch.h"
#include "lab/sim/callers.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

constexpr const char* k_lease = "l-aaaaaaaaaaaaaaaaaaaa";
constexpr const char* k_nonce = "00112233445566778899aabbccddeeff";
constexpr const char* k_label = "rr_runner_1";

Scenario without_service() {
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

HttpRequest ask_for(const std::string& body = R"({"operation":"create"})") {
  return {"POST", "/", {{"Host", "mayfly.test"}}, body, {}};
}

HttpResponse json_answer(int status, const std::string& body) {
  return {status, {{"Content-Type", "application/json"}}, body};
}

TEST_CASE("law: a launch without the very intent in the ledger is seen") {
  for (const bool is_intended : {true, false}) {
    Watched watched(make_intent_law);
    Lease lease = watched.new_lease(watched.start_run());
    if (is_intended) watched.reserve(lease);
    watched.sends("CreateFleet", lease.launch.request);
    CHECK(watched.is_broken() == !is_intended);
  }
  Watched watched(make_intent_law);
  watched.reserve(watched.new_lease(watched.start_run()));
  watched.sends("CreateFleet", Watched::launch_request(k_lease, "token-2"));
  CHECK(watched.what().find("without this very intent") != std::string::npos);
}

TEST_CASE("law: a machine for nobody's run is seen") {
  for (const bool is_of_run : {true, false}) {
    Watched watched(make_entitled_law);
    const RunId run = watched.start_run();
    const Lease lease = watched.reserve(watched.new_lease(is_of_run ? run : run + 1));
    watched.with_machine(lease);
    watched.pass(Seconds{5});
    CHECK(watched.is_broken() == !is_of_run);
  }
  Watched watched(make_entitled_law);
  start_instance(watched.world, watched.tags());
  watched.pass(Seconds{5});
  CHECK(watched.what().find("has no lease") != std::string::npos);
}

TEST_CASE("law: the end of a machine whose job is waiting for it is seen") {
  for (const bool is_run_live : {true, false}) {
    Watched watched(make_needed_law);
    const RunId run = watched.start_run();
    watched.pass(Seconds{90});  // the job waits for long enough to be known
    watched.with_machine(watched.reserve(watched.new_lease(run)));
    watched.pass(Seconds{10});
    if (!is_run_live) REQUIRE(watched.world.github->cancel_run(run));
    end_instance(watched.world, watched.machine().id);
    watched.pass(Seconds{10});
    CHECK(watched.is_broken() == is_run_live);
  }
}

TEST_CASE("law: the end of a machine whose launch nobody has answered for is seen") {
  Watched watched(make_needed_law);
  watched.reserve(watched.new_lease(watched.start_run()));
  start_instance(watched.world, watched.tags());
  watched.pass(Seconds{5});
  CHECK_FALSE(watched.is_broken());
  end_instance(watched.world, watched.machine().id);
  watched.pass(Seconds{5});
  CHECK(watched.what().find("while its launch was not answered") != std::string::npos);
}

TEST_CASE("law: what EC2 charges and the books do not have is seen") {
  for (const bool is_booked : {true, false}) {
    Watched watched(make_money_law);
    Lease lease = watched.with_machine(watched.reserve(watched.new_lease(watched.start_run())));
    MachineRecord record;
    record.instance_id = lease.launch.instance_id;
    record.lease_id = lease.id;
    record.launched_at = watched.world.now();
    watched.pass(Seconds{600});  // nobody answers its claim: it powers itself off
    REQUIRE(live_instances(*watched.world.aws).empty());
    record.spent = is_booked ? Money{1'000'000} : Money{1};
    record.ended_at = watched.world.now();
    REQUIRE(watched.world.ledger().update(lease, {}, record));
    watched.world.note_write();
    watched.law().ended(watched.world);
    CHECK(watched.is_broken() == !is_booked);
  }
}

TEST_CASE("law: a lease that reserves less than it may cost is seen") {
  Watched watched(make_money_law);
  Lease lease = watched.new_lease(watched.start_run());
  lease.reserved = Money{1};
  watched.reserve(lease);
  CHECK(watched.what().find("reserved less") != std::string::npos);
}

TEST_CASE("law: a machine that was not made from the template is seen") {
  Watched watched(make_worthless_law);
  watched.pass(Seconds{5});
  CHECK_FALSE(watched.is_broken());
  start_instance(watched.world, watched.tags());
  watched.pass(Seconds{5});
  CHECK(watched.is_broken());
}

HttpRequest claim_of(const InstanceId& id) {
  return {"POST",
          "/v1/claims",
          {{"X-Mayfly-Claim", k_nonce}},
          std::string(R"({"lease":")") + k_lease + R"(","instance_id":")" + id.text +
              R"(","claim_key":"k1"})",
          {}};
}

TEST_CASE("law: a claim that is answered to nobody's machine, or without a registration, is seen") {
  Watched nobody(make_claim_law);
  nobody.answers("stranger", claim_of(InstanceId{"i-0"}), "POST /v1/claims",
                 {200, {}, "repository rr\njit_config abc\n"});
  CHECK(nobody.what().find("no machine of ours") != std::string::npos);

  Watched watched(make_claim_law);
  watched.with_machine(watched.reserve(watched.new_lease(watched.start_run())));
  const InstanceId id = watched.machine().id;
  watched.answers("machine " + id.text, claim_of(id), "POST /v1/claims",
                  {200, {}, "repository rr\njit_config abc\n"});
  CHECK(watched.what().find("not of its launch") != std::string::npos);
}

TEST_CASE("law: an awaited machine that is refused is seen, a stranger's refusal is none") {
  Watched watched(make_claim_law);
  watched.with_machine(watched.reserve(watched.new_lease(watched.start_run())));
  const InstanceId id = watched.machine().id;
  watched.answers("stranger", claim_of(id), "POST /v1/claims", {403, {}, "{}"});
  CHECK_FALSE(watched.is_broken());
  watched.answers("machine " + id.text, claim_of(id), "POST /v1/claims", {403, {}, "{}"});
  CHECK(watched.what().find("was refused its claim") != std::string::npos);
}

TEST_CASE("law: a secret in the log, in an answer or in the ledger is seen") {
  for (const std::string text : {"harmless", k_github_token}) {
    const bool is_secret = text == k_github_token;
    Watched log(make_secrets_law);
    log.pass(Seconds{5});
    log.law().log_line(log.world, {LogLevel::info, "event", {{"token", "is " + text}}});
    CHECK(log.is_broken() == is_secret);

    Watched answer(make_secrets_law);
    answer.pass(Seconds{5});
    answer.answers("caller", ask_for(), "POST /", json_answer(200, "{\"x\":\"" + text + "\"}"));
    CHECK(answer.is_broken() == is_secret);

    Watched ledger(make_secrets_law);
    Lease lease = ledger.new_lease(ledger.start_run());
    lease.reason = text;
    ledger.pass(Seconds{5});
    ledger.reserve(lease);
    CHECK(ledger.is_broken() == is_secret);
  }
}

TEST_CASE("law: an answer that is not documented, or comes too late, is seen") {
  const auto breaks = [](HttpResponse response, Millis took = Millis{5}) {
    Watched watched(make_answers_law);
    watched.answers("caller", ask_for(), "POST /", std::move(response), took);
    return watched.is_broken();
  };
  CHECK_FALSE(breaks(json_answer(200, R"({"leases":[]})")));
  CHECK(breaks(json_answer(202, R"({"leases":[]})")));
  CHECK(breaks(json_answer(200, R"({"leases":[],"more":1})")));
  CHECK(breaks(json_answer(200, R"({"leases":[{"id":"l-1"}]})")));
  CHECK(breaks(json_answer(404, "not found")));
  CHECK(breaks(json_answer(200, R"({"leases":[]})"), Seconds{61}));
}

TEST_CASE("law: a lease that was acknowledged and is not in the ledger is seen") {
  for (const bool is_there : {true, false}) {
    Watched watched(make_recorded_law);
    watched.pass(Seconds{5});
    const Lease lease = watched.new_lease(watched.start_run());
    if (is_there) watched.reserve(lease);
    watched.answers(
        "caller", ask_for(), "POST /",
        json_answer(200, R"({"leases":[{"id":")" + lease.id.text + R"(","repository":")" +
                             lease.repository.text + R"(","label":")" + lease.label +
                             R"(","architecture":"x86_64","run_id":)" +
                             std::to_string(lease.run_id) + "}]}"));
    CHECK(watched.is_broken() == !is_there);
  }
}

TEST_CASE("law: a lease that comes back, or gets a later deadline, is seen") {
  const auto breaks = [](const std::function<void(Lease&)>& change) {
    Watched watched(make_terminal_law);
    Lease lease = watched.new_lease(watched.start_run());
    lease.state = LeaseState::ending;
    lease.outcome = Outcome::run_over;
    lease = watched.reserve(lease);
    change(lease);
    watched.write(lease);
    return watched.is_broken();
  };
  CHECK_FALSE(breaks([](Lease& lease) { lease.state = LeaseState::gone; }));
  CHECK(breaks([](Lease& lease) { lease.state = LeaseState::booting; }));
  CHECK(breaks([](Lease& lease) { lease.deadline += Seconds{1}; }));
  CHECK(breaks([](Lease& lease) { lease.outcome = Outcome::deadline; }));
  CHECK(breaks([](Lease& lease) { lease.label = "another"; }));
}

TEST_CASE("law: a lease that ends without a word, or goes on for ever, is seen") {
  for (const std::string reason : {"", "no pool had room"}) {
    Watched watched(make_reason_law);
    Lease lease = watched.new_lease(watched.start_run());
    lease.state = LeaseState::ending;
    lease.outcome = Outcome::no_capacity;
    lease.reason = reason;
    watched.reserve(lease);
    CHECK(watched.is_broken() == reason.empty());
  }
}

TEST_CASE("law: a runner that waits for ever without a job is seen") {
  Watched watched(make_waiting_law);
  Lease lease = watched.with_machine(watched.reserve(watched.new_lease(watched.start_run())));
  lease.state = LeaseState::online;
  lease.state_since = watched.world.now();
  watched.write(lease);
  // No server is up, which would excuse it.
  watched.world.conditions.server_down = {};
  const auto wait = [&](Millis d) {
    const SteadyTime end = watched.world.clock.steady() + d;
    while (watched.world.clock.steady() < end) {
      watched.world.run_until(watched.world.clock.steady() + Seconds{6});
      watched.world.conditions.server_down = {};
      watched.law().look(watched.world);
    }
  };
  wait(watched.world.config.machine.idle_timeout);
  CHECK_FALSE(watched.is_broken());
  wait(Seconds{150});
  CHECK(watched.is_broken());
}

TEST_CASE("law: whoever ends or removes what is other people's is seen") {
  for (const bool is_ours : {true, false}) {
    Watched watched(make_unknown_law);
    aws::Tags tags = watched.tags();
    if (!is_ours) tags = {{"Name", "database"}};
    start_instance(watched.world, tags);
    watched.sends("TerminateInstances",
                  "Action=TerminateInstances&InstanceId.1=" + watched.machine().id.text);
    CHECK(watched.is_broken() == !is_ours);
  }
  Watched watched(make_unknown_law);
  add_bystanders(watched.world);
  const auto runners = watched.world.github->runners();
  REQUIRE_FALSE(runners.empty());
  watched.sends("DELETE /orgs/rr-debugger/actions/runners/" + std::to_string(runners.front().id),
                "");
  CHECK(watched.what().find("removes the foreign runner") != std::string::npos);
}

TEST_CASE("law: an end of machines that follows from a failed list is seen") {
  for (const bool has_list : {true, false}) {
    Watched watched(make_unknown_law);
    watched.with_machine(watched.reserve(watched.new_lease(watched.start_run())));
    const HttpRequest list{"POST", std::string(k_ec2_url) + "/", {}, "", {}};
    const HttpResponse whole{200, {}, "<all/>"};
    const Result<HttpResponse> answer =
        has_list ? Result<HttpResponse>(whole) : fail(Code::transport_lost, "lost");
    watched.law().after(watched.world, {Edge::ec2, "server-1", "DescribeInstances", list, &whole,
                                        answer, Millis{5}});
    watched.sends("TerminateInstances",
                  "Action=TerminateInstances&InstanceId.1=" + watched.machine().id.text);
    CHECK(watched.is_broken() == !has_list);
  }
}

TEST_CASE("law: a machine that is left over in the end is seen") {
  for (const bool is_left : {true, false}) {
    Watched watched(make_liveness_law);
    start_instance(watched.world, watched.tags());
    if (!is_left) end_instance(watched.world, watched.machine().id);
    watched.world.run_until(watched.world.clock.steady() + Seconds{30});
    watched.law().ended(watched.world);
    CHECK(watched.is_broken() == is_left);
  }
}

TEST_CASE("law: a live lease without a machine, when all is healed, is seen") {
  Watched watched(make_liveness_law);
  watched.reserve(watched.new_lease(watched.start_run()));
  watched.law().healed(watched.world);
  CHECK_FALSE(watched.is_broken());
  watched.world.run_until(watched.world.clock.steady() + Seconds{300});
  watched.law().healed(watched.world);
  CHECK(watched.is_broken());
}

TEST_CASE("law: in a drought a lease that ends for want of the capacity of one pool is seen") {
  for (const Drought drought : {Drought::none, Drought::all_but_one}) {
    Scenario scenario = without_service();
    scenario.drought = drought;
    Watched watched(make_capacity_law, scenario);
    watched.pass(Seconds{90});
    Lease lease = watched.reserve(watched.new_lease(watched.start_run()));
    lease.state = LeaseState::ending;
    lease.outcome = Outcome::no_capacity;
    watched.write(lease);
    CHECK(watched.is_broken() == (drought != Drought::none));
  }
}

}  // namespace
}  // namespace mayfly::lab::sim
