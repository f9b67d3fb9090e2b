// The real client against the fake, through every call. With MAYFLY_EXCHANGES=FILE each exchange is
// also written there as a line of JSON, for tests/github_openapi to hold against GitHub's own
// description.

#include <doctest/doctest.h>

#include <fstream>

#include "github/client.h"
#include "lab/github/testing.h"
#include "lab/local_transport.h"
#include "os/system_environment.h"

namespace mayfly::lab {
namespace {

json::object headers_object(const Headers& headers) {
  json::object out;
  for (const Header& header : headers) out[header.name] = header.value;
  return out;
}

void record(const HttpRequest& request, const HttpResponse& response) {
  const auto path = os::SystemEnvironment().variable("MAYFLY_EXCHANGES");
  if (!path) return;
  json::object line{{"method", request.method},
                    {"url", request.url},
                    {"request_headers", headers_object(request.headers)},
                    {"request_body", request.body},
                    {"status", response.status},
                    {"response_headers", headers_object(response.headers)},
                    {"response_body", response.body}};
  std::ofstream(*path, std::ios::app) << json::serialize(line) << '\n';
}

GithubOptions recorded_options() {
  GithubOptions options = octo_options();
  options.page_max = 2;
  options.on_exchange = record;
  return options;
}

struct Contract : GithubBench {
  LocalTransport transport;
  github::FixedToken token{Secret("good-token")};
  github::GithubClient client;
  RepositoryName repository{"octo/repo"};
  SteadyTime deadline{std::chrono::hours{1}};

  explicit Contract(github::Scope scope = {github::Scope::Kind::organization, "octo", {}},
                    GithubOptions options = recorded_options())
      : GithubBench(std::move(options)),
        client(transport, clock, token, {"https://api.test", std::move(scope), "mayfly"}) {
    transport.connect("https://api.test", github);
  }
  Result<github::JitConfig> make(const std::string& name) {
    return client.generate_jit_config({name, 1, {"mayfly_1", "arch_x86_64"}}, deadline);
  }
};

TEST_CASE("contract: the client understands the life of a run and its jobs") {
  Contract bench;
  const RunId id = bench.github.start_run(rr_run());
  const auto run = bench.client.get_run(bench.repository, id, bench.deadline);
  REQUIRE(run);
  CHECK(run->status == github::RunStatus::queued);
  CHECK(run->head_repository == "contributor/repo");
  CHECK(run->repository == "octo/repo");
  CHECK(run->actor == "contributor");
  CHECK(run->created_at == bench.clock.wall());
  CHECK(bench.client.get_run(bench.repository, id, bench.deadline));
  CHECK(bench.client.rate_limit().remaining == 4999);

  bench.play_hosted(id, "setup");
  const auto live = bench.client.list_live_runs(bench.repository, bench.deadline);
  REQUIRE(live);
  CHECK(live->at(0).id == id);
  CHECK(live->at(0).status == github::RunStatus::in_progress);

  bench.github.start_run(rr_run());
  const auto jobs = bench.client.list_jobs(bench.repository, id, 1, bench.deadline);
  REQUIRE(jobs);
  REQUIRE(jobs->size() == 2);
  CHECK(jobs->at(0).conclusion == "success");
  CHECK(jobs->at(0).runner_name.starts_with("GitHub Actions"));
  CHECK(jobs->at(1).labels == std::vector<std::string>{"mayfly_1", "arch_x86_64"});
  CHECK_FALSE(jobs->at(1).runner_id);
  CHECK(bench.client.list_live_runs(bench.repository, bench.deadline)->size() == 2);
}

TEST_CASE("contract: the client understands the life of a runner, in both scopes") {
  for (const github::Scope& scope :
       {github::Scope{github::Scope::Kind::organization, "octo", {}},
        github::Scope{github::Scope::Kind::repository, "", {"octo/repo"}}}) {
    Contract bench(scope);
    const RunId run = bench.github.start_run(rr_run());
    bench.play_hosted(run, "setup");
    const auto config = bench.make("m-1");
    REQUIRE(config);
    CHECK_FALSE(config->runner.online);
    CHECK(bench.make("m-1").error().code == Code::github_conflict);
    CHECK(bench.make("m-2"));
    CHECK(bench.make("m-3"));
    CHECK(bench.client.list_runners(bench.deadline)->size() == 3);

    const std::string session = bench.connect(config->runner.id);
    const JobId test = bench.job(run, "test").id;
    CHECK(bench.poll(session) == 200);
    CHECK(bench.report(session, test, "started") == 200);
    const auto found = bench.client.find_runner("m-1", bench.deadline);
    REQUIRE(found);
    CHECK((*found)->online);
    CHECK((*found)->busy);
    CHECK(bench.client.delete_runner(config->runner.id, bench.deadline).error().code ==
          Code::github_busy);
    const auto jobs = bench.client.list_jobs(bench.repository, run, 1, bench.deadline);
    CHECK(jobs->at(1).runner_id == config->runner.id);

    CHECK(bench.report(session, test, "completed") == 200);
    CHECK_FALSE(bench.client.find_runner("m-1", bench.deadline)->has_value());
    CHECK(bench.client.delete_runner(config->runner.id, bench.deadline));
    CHECK(bench.client.delete_runner((*bench.client.find_runner("m-2", bench.deadline))->id,
                                     bench.deadline));
    CHECK(bench.client.list_runners(bench.deadline)->size() == 1);
  }
}

TEST_CASE("contract: the client understands downloads, refusals and limits") {
  GithubOptions options = recorded_options();
  options.calls_per_hour = 5;
  Contract bench({github::Scope::Kind::organization, "octo", {}}, options);
  const auto downloads = bench.client.list_downloads(bench.deadline);
  REQUIRE(downloads);
  CHECK(downloads->at(0).architecture == "x64");
  CHECK(downloads->at(1).sha256.empty());
  const auto lost = bench.client.get_run(bench.repository, 5, bench.deadline);
  CHECK(lost.error().code == Code::github_not_found);
  const auto empty = bench.client.generate_jit_config({"m", 1, {}}, bench.deadline);
  CHECK(empty.error().code == Code::github_refused);
  const auto group = bench.client.generate_jit_config({"m", 9, {"x"}}, bench.deadline);
  CHECK(group.error().code == Code::github_forbidden);
  github::GithubClient for_claims = bench.client.serving(github::Purpose::claims);
  CHECK(for_claims.list_runners(bench.deadline));
  const auto spent = for_claims.list_runners(bench.deadline);  // nothing is kept from claims
  CHECK(spent.error().code == Code::github_throttled);
  CHECK(spent.error().retry_after == std::chrono::hours{1});
}

TEST_CASE("contract: the client understands runner groups") {
  Contract bench;
  const auto first = bench.client.get_runner_group(1, bench.deadline);
  REQUIRE(first);
  CHECK(first->visibility == "all");
  const auto repository = bench.client.get_repository(bench.repository, bench.deadline);
  REQUIRE(repository);
  CHECK(repository->full_name == "octo/repo");
  const auto made =
      bench.client.create_runner_group({"ci", {repository->id}, true}, bench.deadline);
  REQUIRE(made);
  CHECK(made->visibility == "selected");
  CHECK(made->allows_public_repositories);
  CHECK(bench.client.list_runner_groups(bench.deadline)->size() == 2);
  const auto selected = bench.client.list_group_repositories(made->id, bench.deadline);
  REQUIRE(selected);
  REQUIRE(selected->size() == 1);
  CHECK(selected->at(0).full_name == "octo/repo");
  CHECK(bench.client.create_runner_group({"CI", {}, true}, bench.deadline).error().code ==
        Code::github_refused);
  CHECK(bench.client.get_runner_group(9, bench.deadline).error().code == Code::github_not_found);
}

TEST_CASE("contract: the client finds the pull requests of a head, and their reviews") {
  Contract bench;
  const github::Head head{"ann/repo", "topic", "abc"};
  std::int64_t number = 0;
  bench.github.with_pulls([&](GithubPulls& pulls, WallTime now) {
    GithubPull pull{.repository = bench.repository, .head_repository = "ann/repo"};
    pull.head_sha = "abc";
    pull.author = "ann";
    number = pulls.open(pull, now);
    pull.base_branch = "release";
    (void)pulls.open(pull, now);
    pull.base_branch = "old";
    CHECK(pulls.close(bench.repository, pulls.open(pull, now)));
    pull.head_branch = "another";  // none of a fork that is gone: GitHub's description has no null
    (void)pulls.open(pull, now);
    CHECK(pulls.associate(bench.repository, "Ann", "CONTRIBUTOR"));
    CHECK(pulls.associate(bench.repository, "bob", "MEMBER"));
    for (const char* state : {"COMMENTED", "CHANGES_REQUESTED", "APPROVED"})
      CHECK(pulls.review(bench.repository, number, "bob", state, now));
  });
  const auto found = bench.client.list_pulls(bench.repository, head, bench.deadline);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK(found->at(1).number == number);
  CHECK(found->at(1).author_association == "CONTRIBUTOR");
  CHECK(bench.client.list_pulls(bench.repository, {"ann/repo", "topic", "abd"}, bench.deadline)
            ->empty());
  const auto reviews = bench.client.list_reviews(bench.repository, number, bench.deadline);
  REQUIRE(reviews);  // of two pages
  REQUIRE(reviews->size() == 3);
  CHECK(reviews->at(2).state == "APPROVED");
  CHECK(reviews->at(2).author_association == "MEMBER");
  CHECK(reviews->at(2).commit == "abc");
  CHECK(bench.client.list_reviews(bench.repository, 99, bench.deadline).error().code ==
        Code::github_not_found);
  for (const char* query : {"?state=all&base=main", "?state=closed", "?head=nonsense", ""})
    CHECK(bench.get(std::string("/repos/octo/repo/pulls") + query).status == 200);
  CHECK(bench.get("/repos/octo/repo/pulls?state=merged").status == 422);
}

TEST_CASE("contract: a wrong credential is told from a missing right") {
  Contract bench({github::Scope::Kind::organization, "other", {}});
  CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_forbidden);
  github::FixedToken wrong{Secret("wrong")};
  github::GithubClient stranger(bench.transport, bench.clock, wrong, bench.client.settings());
  CHECK(stranger.list_runners(bench.deadline).error().code == Code::github_unauthorized);
}

TEST_CASE("contract: the calls that only other clients make are answered too") {
  Contract bench;
  const RunId run = bench.github.start_run(rr_run());
  bench.play_hosted(run, "setup", "failure");
  bench.play_hosted(run, "stop");
  CHECK(bench.github.rerun(run, Rerun::all));
  const std::string repository = "/repos/octo/repo";
  const std::string run_url = repository + "/actions/runs/" + std::to_string(run);
  const std::string job_url =
      repository + "/actions/jobs/" + std::to_string(bench.job(run, "setup").id);
  for (const std::string& url :
       {repository, run_url, run_url + "/jobs?filter=all&per_page=2", run_url + "/jobs", job_url,
        repository + "/actions/runs?event=pull_request&status=completed",
        std::string("/orgs/octo/actions/runner-groups"), std::string("/rate_limit")}) {
    CAPTURE(url);
    CHECK(bench.get(url).status == 200);
  }
  for (const char* scope : {"/orgs/octo", "/repos/octo/repo"}) {
    const std::string runners = std::string(scope) + "/actions/runners";
    CHECK(bench.send("POST", runners + "/registration-token").status == 201);
    CHECK(bench.get(runners + "/downloads").status == 200);
  }
  const RunnerId runner = bench.register_runner("m-1", {"x"});
  CHECK(bench.get("/orgs/octo/actions/runners/" + std::to_string(runner)).status == 200);
}

}  // namespace
}  // namespace mayfly::lab
