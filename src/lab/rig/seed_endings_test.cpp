// The seed's faults in how machines and runners ended, each as the law that holds instead.
// Source: reliability.md 2.3 and 3.3, peers.md 0.

#include <boost/json/serialize.hpp>

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

// Somebody else's runner in the same organisation, never online.
RunnerId add_foreign_runner(Rig& rig, const std::string& name) {
  const json::object body{
      {"name", name}, {"runner_group_id", 1}, {"labels", json::array{"self-hosted"}}};
  HttpRequest request{"POST", "/orgs/rr-debugger/actions/runners/generate-jitconfig", {}, "", {}};
  request.headers.add("User-Agent", "somebody");
  request.headers.add("Authorization", "Bearer github_pat_of_the_rig");
  request.body = json::serialize(body);
  const HttpResponse answer = rig.github().handle(request);
  const auto made = parse_json(answer.body, upstream_json_limits()).value().as_object();
  return json_int(*json_object(made, "runner"), "id").value();
}

bool has_runner(Rig& rig, RunnerId id) {
  for (const GithubRunner& runner : rig.github().runners())
    if (runner.id == id) return true;
  return false;
}

bool is_running(Rig& rig, RunId run) {
  return conclusion_of(rig.github(), run, "test-x86_64") == "(in progress)" &&
         conclusion_of(rig.github(), run, "test-arm64") == "(in progress)";
}

// seed: read one page of 30 runners, so those beyond it were never removed.
TEST_CASE("rig: our runners are seen and removed on whatever page of GitHub's list they stand") {
  RigOptions options = rr_options();
  options.github.points_per_minute = 5000;
  Rig rig(options);
  for (int i = 0; i < 130; ++i) add_foreign_runner(rig, "foreign-" + std::to_string(i));
  const RunId run = start_v1_run(rig.github());
  REQUIRE(rig.post("/v1/leases", v1_ask(run)).status == 201);
  REQUIRE(rig.run_until([&] { return all_in(rig, LeaseState::online); }, Seconds{120}));
  CHECK(rig.github().runners().size() == 132);
  REQUIRE(rig.github().cancel_run(run).has_value());
  finish_hosted(rig.github(), run, "stop");
  CHECK(rig.run_until_quiet(Seconds{300}));
  CHECK(rig.github().runners().size() == 130);
  check_settled(rig);
}

// seed: every destroy removed every offline runner of the organisation, so also those that had
// registered and were about to connect.
TEST_CASE("rig: runners that are not this run's are left alone, offline or not") {
  Rig rig;
  const RunnerId foreign = add_foreign_runner(rig, "somebody-elses");
  const RunId first = begin_and_create(rig, k_label);
  REQUIRE(rig.run_until([&] { return is_running(rig, first); }, Seconds{120}));
  // The second run's runners are registered but cannot connect yet.
  rig.machine_net().add(refused("/_runner/session", k_always));
  const RunId second = begin_and_create(rig, k_other_label);
  REQUIRE(rig.run_until([&] { return rig.github().runners().size() == 5; }, Seconds{120}));
  REQUIRE(rig.github().cancel_run(first).has_value());
  stop_run(rig, first, seed_destroy(k_label));
  rig.run_for(Seconds{60});
  rig.machine_net().clear();
  REQUIRE(rig.run_until([&] { return is_running(rig, second); }, Seconds{60}));
  CHECK(has_runner(rig, foreign));
  CHECK(live_count(rig) == 2);
}

// seed: the hour was `shutdown +60` on the machine itself, where the job is root.
TEST_CASE("rig: a machine that does not stop by itself is ended at its deadline from outside") {
  Rig rig(endless_jobs());
  const WallTime start = rig.clock().wall();
  const RunId run = begin_and_create(rig, k_label);
  const auto none_left = [&] { return live_count(rig) == 0; };
  REQUIRE(rig.run_until(none_left, std::chrono::hours{2}));
  CHECK(rig.clock().wall() - start >= Seconds{3600});
  CHECK(rig.clock().wall() - start <= Seconds{3630});
  CHECK(lease_of(rig, k_label, Architecture::x86_64).outcome == Outcome::deadline);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "failure");
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

// seed: when the Lambda or its token was gone, nothing outside the machine knew of it.
TEST_CASE("rig: the stateless sweep alone ends what is past its deadline, and nothing else") {
  Rig rig(endless_jobs());
  begin_and_create(rig, k_label);
  rig.set_sweeping(false);
  rig.watch().allow_overrun(Seconds{60});
  rig.run_for(Seconds{3590});
  const auto early = rig.stateless_sweep();
  REQUIRE(early.has_value());
  CHECK(early->instances == 2);
  CHECK(early->ended.empty());
  CHECK(live_count(rig) == 2);
  rig.run_for(Seconds{15});
  const auto due = rig.stateless_sweep();
  REQUIRE(due.has_value());
  CHECK(due->ended.size() == 2);
  CHECK(live_count(rig) == 0);
}

// seed: anybody could end anybody's run: labels are public, and destroy asked nothing.
TEST_CASE("rig: a stranger's destroy ends nothing that is queued, booting or busy") {
  Rig rig;
  const RunId run = begin_run(rig, {k_label, k_label});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  const auto attack = [&] {
    CHECK(rig.post("/", seed_destroy(k_label)).status == 200);
    for (const Lease& lease : leases(rig))
      CHECK(rig.ask("DELETE", "/v1/leases/" + lease.id.text)->status == 202);
    rig.run_for(Seconds{10});
    CHECK(live_count(rig) == 2);
    CHECK(rig.aws().instances().size() == 2);
  };
  attack();  // before GitHub knows of any job with the label
  finish_hosted(rig.github(), run, "setup");
  attack();  // jobs queued, machines booting
  REQUIRE(rig.run_until([&] { return is_running(rig, run); }, Seconds{120}));
  attack();
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{600}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
}

// seed: only the workflow's last job ended machines; when it did not run, the hour had to pass.
TEST_CASE("rig: without a stop job the sweep ends the machines once the run is over") {
  Rig rig;
  RunSpec spec = rr_workflow({k_label, k_label});
  spec.jobs.pop_back();
  const RunId run = rig.github().start_run(spec);
  begin_hosted(rig.github(), run, "setup");
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  SUBCASE("the setup failed after it had asked for runners") {
    finish_hosted(rig.github(), run, "setup", "failure");
  }
  SUBCASE("the run was cancelled while a machine worked for it") {
    finish_hosted(rig.github(), run, "setup");
    REQUIRE(rig.run_until([&] { return is_running(rig, run); }, Seconds{120}));
    REQUIRE(rig.github().cancel_run(run).has_value());
  }
  const SteadyTime over = rig.clock().steady();
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{600}));
  CHECK(rig.clock().steady() - over <= Seconds{60});
  CHECK(rig.run_until_quiet(Seconds{900}));
  check_settled(rig);
}

}  // namespace
}  // namespace mayfly
