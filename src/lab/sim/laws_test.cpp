// No law is blind: each is shown a world that breaks its promise, made by hand, and the same world
// without the breach.

#include "lab/sim/testing.h"

namespace mayfly::lab::sim {
namespace {

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
  CHECK(watched.what().find("and 0 leases intend it") != std::string::npos);
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

TEST_CASE("law: a label that a job has shown is its run's, whoever else names it") {
  for (const bool is_shown : {true, false}) {
    Watched watched(make_needed_law);
    const RunId own = watched.start_run();
    (void)watched.start_run();  // whose job names the label as well
    watched.pass(Seconds{90});
    Lease lease = watched.new_lease(own);
    lease.run_confirmed = is_shown;
    watched.with_machine(watched.reserve(lease));
    watched.pass(Seconds{10});
    REQUIRE(watched.world.github->cancel_run(own));
    end_instance(watched.world, watched.machine().id);
    watched.pass(Seconds{10});
    CHECK(watched.is_broken() == !is_shown);
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
