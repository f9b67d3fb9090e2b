// The owner's policy, from the workflow's request to the machine that comes or does not.

#include <functional>

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

const RepositoryName k_rr{"rr-debugger/rr"};

RigOptions with_policy(RunPolicy policy) {
  RigOptions options = rr_options();
  options.config.repositories.at(0).policy = std::move(policy);
  return options;
}

// The pull request that rr_workflow()'s run is of.
std::int64_t open_pull(Rig& rig) {
  const RunSpec spec = rr_workflow({k_label, k_label});
  std::int64_t number = 0;
  rig.github().with_pulls([&](GithubPulls& pulls, WallTime now) {
    GithubPull pull{.repository = k_rr, .head_repository = spec.head_repository};
    pull.head_branch = spec.head_branch;
    pull.head_sha = spec.head_sha;
    number = pulls.open(pull, now);
    CHECK(pulls.associate(k_rr, "bob", "MEMBER"));
  });
  return number;
}

void review(Rig& rig, std::int64_t number, const char* author, const char* state) {
  rig.github().with_pulls([&](GithubPulls& pulls, WallTime now) {
    CHECK(pulls.review(k_rr, number, author, state, now));
  });
}

RunId begin(Rig& rig, const std::string& label, const std::function<void(RunSpec&)>& change) {
  RunSpec spec = rr_workflow({label, label});
  change(spec);
  const RunId run = rig.github().start_run(spec);
  begin_hosted(rig.github(), run, "setup");
  return run;
}

void end_hosted(Rig& rig, RunId run, const std::string& name) {
  begin_hosted(rig.github(), run, name);
  finish_hosted(rig.github(), run, name);
}

TEST_CASE("rig: a stranger's run gets machines when its commit is approved, and none before") {
  Rig rig(with_policy({.forks = Forks::approved}));
  const std::int64_t pull = open_pull(rig);
  const RunId run = begin_run(rig, {k_label, k_label});
  const auto both = [&](const std::string& code) {
    CHECK(code_of(rig.post("/", seed_create(k_label))) == code);
    CHECK(code_of(rig.post("/v1/leases", v1_ask(run))) == code);
    rig.run_for(Seconds{5});
  };
  both("fork-not-allowed");
  review(rig, pull, "eve", "APPROVED");
  both("fork-not-allowed");
  review(rig, pull, "bob", "COMMENTED");
  both("fork-not-allowed");
  CHECK(leases(rig).empty());
  CHECK(rig.aws().instances().empty());

  review(rig, pull, "bob", "APPROVED");
  CHECK(rig.post("/", seed_create(k_label)).status == 200);
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{600}));
  check_settled(rig);
}

TEST_CASE("rig: an approval of one commit is none of the next") {
  Rig rig(with_policy({.forks = Forks::approved}));
  const std::int64_t pull = open_pull(rig);
  review(rig, pull, "bob", "APPROVED");
  const std::string next(40, 'b');
  rig.github().with_pulls(
      [&](GithubPulls& pulls, WallTime) { CHECK(pulls.push(k_rr, pull, next)); });
  const RunId old_run = begin_run(rig, {k_label, k_label});
  const RunId new_run = begin(rig, k_label, [&](RunSpec& spec) { spec.head_sha = next; });
  for (const RunId run : {old_run, new_run})
    CHECK(code_of(rig.post("/v1/leases", v1_ask(run))) == "fork-not-allowed");
  CHECK(rig.aws().instances().empty());
}

TEST_CASE("rig: a bare label is bound to a run that the policy serves, and to no other") {
  Rig rig(with_policy({.events = {"push"}}));
  begin(rig, k_label, [](RunSpec& spec) { spec.event = "schedule"; });
  CHECK(code_of(rig.post("/", seed_create(k_label))) == "event-not-allowed");
  const RunId served = begin(rig, k_label, [](RunSpec& spec) { spec.event = "push"; });
  begin(rig, k_label, [](RunSpec& spec) { spec.event = "schedule"; });
  CHECK(rig.post("/", seed_create(k_label)).status == 200);
  for (const Lease& lease : leases(rig)) CHECK(lease.run_id == served);
}

TEST_CASE("rig: a bare label whose jobs are of a refused run is not bound to that run again") {
  Rig rig(with_policy({.events = {"push"}}));
  const RunId served = begin(rig, k_other_label, [](RunSpec& spec) { spec.event = "push"; });
  const RunId refused = begin(rig, k_label, [](RunSpec& spec) { spec.event = "schedule"; });
  CHECK(rig.post("/", seed_create(k_label)).status == 200);
  finish_hosted(rig.github(), refused, "setup");
  bool was_bound = false;
  const auto is_bound = [&] {
    for (const Lease& lease : leases(rig)) was_bound = was_bound || lease.run_id == refused;
    return false;
  };
  (void)rig.run_until(is_bound, Seconds{300});
  CHECK_FALSE(was_bound);
  CHECK(rig.github().cancel_run(served));
  end_hosted(rig, served, "stop");
  (void)rig.run_until(is_bound, Seconds{1200});
  CHECK_FALSE(was_bound);
  // The refused run's job ran nowhere.
  const std::string conclusion = conclusion_of(rig.github(), refused, "test-x86_64");
  CHECK(conclusion != "success");
  CHECK(rig.github().cancel_run(refused));
  CHECK(rig.run_until_quiet(std::chrono::hours{2}));
  check_settled(rig);
}

TEST_CASE("rig: while GitHub does not tell of pull requests nobody gets a machine") {
  Rig rig(with_policy({.forks = Forks::returning}));
  open_pull(rig);
  rig.github().with_pulls([](GithubPulls& pulls, WallTime) {
    CHECK(pulls.associate(k_rr, "contributor", "CONTRIBUTOR"));
  });
  const RunId run = begin_run(rig, {k_label, k_label});
  rig.upstream().add(answered("GET /repos/rr-debugger/rr/pulls", 502, 6));
  CHECK(code_of(rig.post("/", seed_create(k_label))) == "github-unavailable");
  CHECK(code_of(rig.post("/v1/leases", v1_ask(run))) == "github-unavailable");
  CHECK(leases(rig).empty());
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
}

TEST_CASE("rig: a run that waits for an approval at GitHub gets nothing until it is approved") {
  Rig rig;
  RunSpec spec = rr_workflow({k_label, k_label});
  spec.awaits_approval = true;
  const RunId run = rig.github().start_run(spec);
  CHECK(code_of(rig.post("/", seed_create(k_label))) == "no-live-run");
  CHECK(code_of(rig.post("/v1/leases", v1_ask(run))) == "run-not-live");
  CHECK(rig.aws().instances().empty());
  CHECK(rig.github().approve_run(run));
  rig.run_for(Seconds{4});  // what GitHub says of a run is believed for three
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
}

TEST_CASE("rig: whoever is denied does not get machines by running another's run again") {
  Rig rig(with_policy({.denied_actors = {"mallory"}}));
  const RunId run = begin_run(rig, {k_label, k_label});
  CHECK(rig.github().cancel_run(run));
  end_hosted(rig, run, "stop");
  CHECK(rig.github().rerun(run, Rerun::all, "Mallory"));
  CHECK(code_of(rig.post("/v1/leases", v1_ask(run))) == "actor-not-allowed");
  CHECK(rig.github().cancel_run(run));
  end_hosted(rig, run, "stop");
  CHECK(rig.github().rerun(run, Rerun::all));
  rig.run_for(Seconds{5});
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
}

}  // namespace
}  // namespace mayfly
