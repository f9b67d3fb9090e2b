// That who the owner's policy refuses gets nothing, whatever way it asks.

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

Config with_policy(RunPolicy policy) {
  Config config = small_config();
  config.repositories.at(0).policy = std::move(policy);
  return config;
}

// A run of the fork ann/repo, as github/testing.h has it.
RunnersAsk ask_for(RunId id) {
  return {RepositoryName{"octo/repo"}, id, 0, {{Architecture::x86_64, 1}}};
}

const SeedAsk k_seed{"rr_runner_a", {Architecture::x86_64}};

std::string pulls_json(const std::string& association, const std::string& sha = "abc") {
  return R"([{"id":912,"number":12,"state":"open","author_association":")" + association +
         R"(","user":{"login":"ann"},"base":{"repo":{"full_name":"octo/repo"}},)" +
         R"("head":{"ref":"topic","sha":")" + sha + R"(","repo":{"full_name":"ann/repo"}}}])";
}

std::string reviews_json(const std::string& state) {
  return R"([{"id":1,"state":")" + state +
         R"(","author_association":"MEMBER","user":{"login":"bob"},"commit_id":"abc"}])";
}

std::string own_run_json(RunId id) {
  std::string run = github::run_json(id);
  const std::string fork = R"("head_repository":{"full_name":"ann/repo"})";
  return run.replace(run.find(fork), fork.size(), R"("head_repository":{"full_name":"octo/repo"})");
}

std::string code_of(const Result<std::vector<AskedLease>>& asked) {
  return asked ? "served" : std::string(info(asked.error().code).name);
}

TEST_CASE("asking: a repository that is not served is refused, and nobody is asked about it") {
  for (const char* name : {"ann/repo", "octo/other", "octo/repo2"}) {
    CAPTURE(name);
    Service service;
    RunnersAsk ask = ask_for(7);
    ask.repository = RepositoryName{name};
    CHECK(code_of(service.asking.create(ask)) == "repository-not-served");
    CHECK(service.calls() == 0);
    CHECK(service.leases() == 0);
  }
}

TEST_CASE("asking: each rule refuses with its own code, and nothing is launched") {
  const struct {
    RunPolicy policy;
    const char* code;
  } rows[] = {{{.events = {"push"}}, "event-not-allowed"},
              {{.workflows = {".github/workflows/release.yml"}}, "workflow-not-allowed"},
              {{.forks = Forks::deny}, "fork-not-allowed"},
              {{.denied_actors = {"Ann"}}, "actor-not-allowed"}};
  for (const auto& row : rows) {
    CAPTURE(row.code);
    Service by_id(with_policy(row.policy));
    by_id.github_wire.answer(200, github::run_json(7, R"(,"triggering_actor":{"login":"ann"})"));
    CHECK(code_of(by_id.asking.create(ask_for(7))) == row.code);
    Service by_label(with_policy(row.policy));
    by_label.github_wire.answer(200, runs_json(""));
    by_label.github_wire.answer(200, runs_json(github::run_json(7)));
    CHECK(code_of(by_label.asking.create(k_seed)) == row.code);
    for (Service* service : {&by_id, &by_label}) {
      CHECK(service->leases() == 0);
      CHECK(service->ec2_wire.sent.empty());
      CHECK(service->github_wire.script.empty());
    }
  }
}

TEST_CASE("asking: forks of returning authors are served, and those of strangers are not") {
  const struct {
    std::string pulls;
    const char* code;
  } rows[] = {{pulls_json("CONTRIBUTOR"), "served"},
              {pulls_json("MEMBER"), "served"},
              {pulls_json("NONE"), "fork-not-allowed"},
              {pulls_json("MEMBER", "older"), "fork-not-allowed"},
              {"[]", "fork-not-allowed"}};
  for (const auto& row : rows) {
    CAPTURE(row.pulls);
    Service service(with_policy({.forks = Forks::returning}));
    service.github_wire.answer(200, github::run_json(7));
    service.github_wire.answer(200, row.pulls);
    service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
    CHECK(code_of(service.asking.create(ask_for(7))) == row.code);
    CHECK(service.leases() == (row.code == std::string("served") ? 1 : 0));
  }
}

TEST_CASE("asking: a stranger's head is served once somebody of the repository approved it") {
  Service service(with_policy({.forks = Forks::approved}));
  service.github_wire.answer(200, github::run_json(7));
  service.github_wire.answer(200, pulls_json("NONE"));
  service.github_wire.answer(200, reviews_json("COMMENTED"));
  CHECK(code_of(service.asking.create(ask_for(7))) == "fork-not-allowed");
  // Asked again and again, GitHub is not.
  CHECK(code_of(service.asking.create(ask_for(7))) == "fork-not-allowed");
  CHECK(service.github_wire.sent.size() == 3);

  service.clock.sleep_for(Seconds{4});
  service.github_wire.answer(200, github::run_json(7));
  service.github_wire.answer(200, pulls_json("NONE"));
  service.github_wire.answer(200, reviews_json("APPROVED"));
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  CHECK(code_of(service.asking.create(ask_for(7))) == "served");
}

TEST_CASE("asking: a member's own head needs no review, and none is asked for") {
  Service service(with_policy({.forks = Forks::approved}));
  service.github_wire.answer(200, github::run_json(7));
  service.github_wire.answer(200, pulls_json("COLLABORATOR"));
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  CHECK(code_of(service.asking.create(ask_for(7))) == "served");
  CHECK(service.github_wire.sent.size() == 2);
}

TEST_CASE("asking: while GitHub does not tell of the pull request nobody is let through") {
  for (const bool by_label : {false, true}) {
    for (const int status : {403, 404, 500}) {  // of the reviews
      CAPTURE(by_label);
      CAPTURE(status);
      Service service(with_policy({.forks = Forks::approved}));
      if (by_label) service.github_wire.answer(200, runs_json(""));
      service.github_wire.answer(200,
                                 by_label ? runs_json(github::run_json(7)) : github::run_json(7));
      service.github_wire.answer(200, pulls_json("NONE"));
      for (int i = 0; i < 3; ++i) service.github_wire.answer(status, R"({"message":"no"})");
      const auto asked =
          by_label ? service.asking.create(k_seed) : service.asking.create(ask_for(7));
      REQUIRE_FALSE(asked);
      CHECK(std::string(info(asked.error().code).name).starts_with("github-"));
      CHECK(service.leases() == 0);
      CHECK(service.ec2_wire.sent.empty());
    }
  }
}

TEST_CASE("asking: a bare label is bound to the newest run that the policy serves") {
  Service service(with_policy({.forks = Forks::returning}));
  service.github_wire.answer(200, runs_json(own_run_json(5)));
  service.github_wire.answer(
      200, runs_json(github::run_json(9) + "," + own_run_json(7) + "," + own_run_json(6)));
  service.github_wire.answer(200, pulls_json("FIRST_TIMER"));
  service.ec2_wire.answer(200, launched_xml("i-0123456789abcdef0"));
  const auto asked = service.asking.create(k_seed);
  REQUIRE(asked);
  CHECK(asked->at(0).lease.run_id == 7);
  CHECK(service.github_wire.sent.size() == 3);
}

TEST_CASE("asking: a run that waits for an approval gets nothing, in either form") {
  const std::string waiting = R"("status":"waiting")";
  const std::string required = R"("status":"completed","conclusion":"action_required")";
  for (const std::string& state : {waiting, required}) {
    CAPTURE(state);
    std::string run = github::run_json(7);
    run.replace(run.find(R"("status":"in_progress")"), 22, state);
    const std::string no = R"("conclusion":null,)";
    if (state == required) run.erase(run.rfind(no), no.size());
    Service by_id;
    by_id.github_wire.answer(200, run);
    CHECK(code_of(by_id.asking.create(ask_for(7))) == "run-not-live");
    CHECK(by_id.leases() == 0);
    // GitHub would not list it under the states that are asked for; if it did, it is not bound.
    Service by_label;
    by_label.github_wire.answer(200, runs_json(run));
    by_label.github_wire.answer(200, runs_json(""));
    CHECK(code_of(by_label.asking.create(k_seed)) == "no-live-run");
    CHECK(by_label.leases() == 0);
  }
}

}  // namespace
}  // namespace mayfly
