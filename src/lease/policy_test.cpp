#include "lease/policy.h"

#include <doctest/doctest.h>

#include <functional>

namespace mayfly {
namespace {

// What is told, or "served".
std::string verdict(const RunPolicy& policy, const RunFacts& run,
                    const std::optional<PullFacts>& pull = {}) {
  const Status judged = judge(policy, run, pull);
  return judged ? "served" : std::string(info(judged.error().code).name);
}

RunFacts own_run() {
  RunFacts run;
  run.id = 7;
  run.live = true;
  run.repository = RepositoryName{"octo/repo"};
  run.actor = run.triggering_actor = "ann";
  run.event = "pull_request";
  run.workflow = ".github/workflows/ci.yml";
  run.head_repository = "octo/repo";
  run.head_branch = "topic";
  run.head_sha = "abc";
  return run;
}

RunFacts fork_run() {
  RunFacts run = own_run();
  run.head_repository = "eve/repo";
  return run;
}

TEST_CASE("policy: without one every run is served") {
  CHECK(verdict({}, own_run()) == "served");
  CHECK(verdict({}, fork_run()) == "served");
  CHECK(verdict({}, RunFacts{}) == "served");
}

TEST_CASE("policy: an event is served when it is named, exactly") {
  const RunPolicy policy{.events = {"push", "pull_request"}};
  RunFacts run = own_run();
  CHECK(verdict(policy, run) == "served");
  for (const char* event : {"pull_request_target", "pull", "schedule", "PUSH", ""}) {
    CAPTURE(event);
    run.event = event;
    CHECK(verdict(policy, run) == "event-not-allowed");
  }
}

TEST_CASE(
    "policy: a workflow is served when its file is named, in whichever way GitHub writes it") {
  const RunPolicy policy{.workflows = {".github/workflows/other.yml", ".github/workflows/ci.yml"}};
  const struct {
    const char* path;
    bool is_served;
  } rows[] = {
      {".github/workflows/ci.yml", true},
      {".github/workflows/ci.yml@refs/heads/main", true},
      {".github/workflows/ci.yml@main", true},
      {".github/workflows/ci.yml@refs/heads/strange.yml", true},
      {".github/workflows/ci.yml@refs/pull/7/merge", true},
      {"octo/repo/.github/workflows/ci.yml", true},
      {"Octo/Repo/.github/workflows/ci.yml@main", true},
      {"octo/other/.github/workflows/ci.yml@main", false},
      {".github/workflows/ci.yml@evil.yml", false},
      {".github/workflows/ci.yml@evil.YAML", false},
      {".github/workflows/ci.yml@", false},
      {".github/workflows/ci.yml2", false},
      {".github/workflows/ci.ym", false},
      {".github/workflows/CI.yml", false},
      {"x.github/workflows/ci.yml", false},
      {"", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    RunFacts run = own_run();
    run.workflow = row.path;
    CHECK(verdict(policy, run) == (row.is_served ? "served" : "workflow-not-allowed"));
  }
}

TEST_CASE("policy: a denied account gets nothing, whether it began the run or the attempt") {
  const RunPolicy policy{.denied_actors = {"Mallory", "bot[bot]"}};
  const auto started_by = [&](const char* actor, const char* again_by) {
    RunFacts run = own_run();
    run.actor = actor;
    run.triggering_actor = again_by;
    return verdict(policy, run);
  };
  CHECK(started_by("ann", "bob") == "served");
  CHECK(started_by("malLORY", "ann") == "actor-not-allowed");
  CHECK(started_by("ann", "mallory") == "actor-not-allowed");
  CHECK(started_by("bot[bot]", "bot[bot]") == "actor-not-allowed");
  CHECK(started_by("mallory2", "bot") == "served");
  // Whom GitHub does not name may be the one.
  CHECK(started_by("", "ann") == "actor-not-allowed");
  CHECK(started_by("ann", "") == "actor-not-allowed");
}

TEST_CASE("policy: each way to treat forks, for each author") {
  const std::vector<std::string> authors = {"OWNER",        "MEMBER",
                                            "COLLABORATOR", "CONTRIBUTOR",
                                            "NONE",         "FIRST_TIME_CONTRIBUTOR",
                                            "FIRST_TIMER",  "MANNEQUIN",
                                            "contributor",  ""};
  const struct {
    Forks forks;
    int served;           // so many of the authors, from the first
    int served_approved;  // the same, of an approved head
  } rows[] = {{Forks::allow, 10, 10},
              {Forks::deny, 0, 0},
              {Forks::returning, 4, 4},
              {Forks::approved, 3, 10}};
  for (const auto& row : rows) {
    for (int i = 0; i < static_cast<int>(authors.size()); ++i) {
      const std::string& author = authors[static_cast<std::size_t>(i)];
      CAPTURE(static_cast<int>(row.forks));
      CAPTURE(author);
      const RunPolicy policy{.forks = row.forks};
      const auto expected = [&](int served) { return i < served ? "served" : "fork-not-allowed"; };
      CHECK(verdict(policy, fork_run(), PullFacts{1, author, false}) == expected(row.served));
      CHECK(verdict(policy, fork_run(), PullFacts{1, author, true}) ==
            expected(row.served_approved));
      CHECK(verdict(policy, own_run(), PullFacts{1, author, false}) == "served");
    }
    const RunPolicy policy{.forks = row.forks};
    CHECK(verdict(policy, own_run()) == "served");
    CHECK(verdict(policy, fork_run()) ==
          (row.forks == Forks::allow ? "served" : "fork-not-allowed"));
  }
}

TEST_CASE("policy: a fork that is gone is one, and the repository's own name has no case") {
  RunFacts run = own_run();
  run.head_repository = "";
  CHECK(verdict({.forks = Forks::deny}, run) == "fork-not-allowed");
  run.head_repository = "Octo/Repo";
  CHECK(verdict({.forks = Forks::deny}, run) == "served");
}

TEST_CASE("policy: a pull request is asked for only where the answer depends on it") {
  const auto needs = [](Forks forks, const RunFacts& run) {
    return needs_pull_request({.events = {"pull_request"}, .forks = forks}, run);
  };
  CHECK(needs(Forks::returning, fork_run()));
  CHECK(needs(Forks::approved, fork_run()));
  CHECK_FALSE(needs(Forks::allow, fork_run()));
  CHECK_FALSE(needs(Forks::deny, fork_run()));
  CHECK_FALSE(needs(Forks::returning, own_run()));
  RunFacts refused = fork_run();
  refused.event = "issues";
  CHECK_FALSE(needs(Forks::approved, refused));
}

TEST_CASE("policy: the refusal names the fact that it rests on, made printable") {
  RunFacts run = fork_run();
  run.event = "sche\ndule";
  CHECK(judge({.events = {"push"}}, run, {}).error().message ==
        "the event of run 7 is \"sche\\ndule\"");
  CHECK(
      judge({.forks = Forks::approved}, fork_run(), PullFacts{12, "NONE", false}).error().message ==
      "the code of run 7 comes from \"eve/repo\": nobody of the repository has approved this "
      "commit of pull request 12");
}

TEST_CASE(
    "policy: a head is approved while the last word of one of the repository is a yes to it") {
  const ReviewFacts yes{"ann", "MEMBER", "APPROVED", "abc"};
  const auto with = [&](const std::function<void(ReviewFacts&)>& change) {
    ReviewFacts review = yes;
    change(review);
    return review;
  };
  const auto says = [&](const char* state) {
    return with([&](ReviewFacts& r) { r.state = state; });
  };
  const auto of = [&](const char* association) {
    return with([&](ReviewFacts& r) { r.author_association = association; });
  };
  const ReviewFacts by_bob_no{"bob", "OWNER", "CHANGES_REQUESTED", "abc"};
  const ReviewFacts old_yes = with([](ReviewFacts& r) { r.commit = "older"; });
  const ReviewFacts gone_yes = with([](ReviewFacts& r) { r.commit = ""; });
  const ReviewFacts ghost_yes = with([](ReviewFacts& r) { r.author = ""; });
  const ReviewFacts shouted_no = with([](ReviewFacts& r) {
    r.author = "ANN";
    r.state = "CHANGES_REQUESTED";
  });
  const struct {
    std::vector<ReviewFacts> reviews;
    bool is_approved;
  } rows[] = {
      {{}, false},
      {{yes}, true},
      {{of("OWNER")}, true},
      {{of("COLLABORATOR")}, true},
      {{of("CONTRIBUTOR")}, false},
      {{of("NONE")}, false},
      {{says("COMMENTED")}, false},
      {{says("PENDING")}, false},
      {{says("DISMISSED")}, false},
      {{says("SOMETHING_NEW")}, false},
      {{yes, says("COMMENTED")}, true},
      {{yes, says("PENDING")}, true},
      {{yes, says("CHANGES_REQUESTED")}, false},
      {{yes, shouted_no}, false},
      {{yes, says("DISMISSED")}, false},
      {{yes, says("SOMETHING_NEW")}, false},
      {{says("CHANGES_REQUESTED"), yes}, true},
      {{says("DISMISSED"), yes}, true},
      {{old_yes}, false},
      {{yes, old_yes}, false},
      {{gone_yes}, false},
      {{ghost_yes}, false},
      {{yes, by_bob_no}, true},
      {{by_bob_no}, false},
  };
  int row_number = 0;
  for (const auto& row : rows) {
    CAPTURE(row_number++);
    CHECK(is_head_approved(row.reviews, "abc") == row.is_approved);
  }
  CHECK_FALSE(is_head_approved({gone_yes}, ""));
}

TEST_CASE("policy: of several pull requests of one head the best counts") {
  const PullFacts stranger{1, "NONE", false};
  const PullFacts returning{2, "CONTRIBUTOR", false};
  const PullFacts approved{3, "NONE", true};
  const PullFacts member{4, "MEMBER", false};
  CHECK_FALSE(best_of({}).has_value());
  CHECK(best_of({stranger})->number == 1);
  CHECK(best_of({stranger, returning})->number == 2);
  CHECK(best_of({approved, returning, stranger})->number == 3);
  CHECK(best_of({returning, member, approved})->number == 4);
}

}  // namespace
}  // namespace mayfly
