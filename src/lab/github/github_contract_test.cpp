// The real client against the fake, through every call. With MAYFLY_EXCHANGES=FILE each exchange is
// also written there as a line of JSON, for tests/github_openapi to hold against GitHub's own
// description.

#include <doctest/doctest.h>

#include <fstream>

#include "github/app_token.h"
#include "github/client.h"
#include "github/deliveries.h"
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

// The App beside the token: its calls are exchanges like the others.
struct AppContract : Contract {
  github::AppToken tokens;
  github::GithubClient client_of_app;

  explicit AppContract(std::int64_t installation = 0,
                       Permissions permissions = GithubApp().permissions,
                       RsaKey key = emulated_key())
      : Contract({github::Scope::Kind::organization, "octo", {}}, options(std::move(permissions))),
        tokens(transport, clock, std::move(key), settings(installation)),
        client_of_app(transport, clock, tokens, {"https://api.test", settings(0).scope, "mayfly"}) {
  }

  static RsaKey emulated_key() {
    return RsaKey::from_pem(Secret(std::string(emulated_app_key()))).value();
  }
  static GithubOptions options(Permissions permissions) {
    GithubOptions options = recorded_options();
    options.app = emulated_app();
    options.app->permissions = std::move(permissions);
    return options;
  }
  static github::AppSettings settings(std::int64_t installation) {
    return {"https://api.test",
            "mayfly",
            GithubApp().id,
            installation,
            {github::Scope::Kind::organization, "octo", {}},
            {{"octo/repo"}, {"octo/other"}}};
  }
  Result<std::vector<github::Runner>> runners() {
    return client_of_app.list_runners(clock.steady() + std::chrono::hours{1});
  }
  Code refusal() {
    const auto answer = runners();
    return answer ? Code::internal : answer.error().code;
  }
};

TEST_CASE("contract: an App finds its installation, and works with its tokens, hour after hour") {
  AppContract bench;
  for (int hour = 0; hour < 3; ++hour) {
    CHECK(bench.runners().has_value());
    bench.clock.advance(std::chrono::minutes{61});
  }
  CHECK(
      bench.client_of_app.generate_jit_config({"m", 1, {"x"}}, bench.clock.steady() + Seconds{60}));
  const auto words = bench.client_of_app.describe_credential(bench.clock.steady() + Seconds{60});
  CHECK(words.value_or("").find("App 123456, installation 7654321 of octo") == 0);
}

TEST_CASE("contract: a token that GitHub has revoked is replaced within the call") {
  AppContract bench(GithubApp().installation_id);
  CHECK(bench.runners().has_value());
  bench.clock.advance(std::chrono::minutes{5});
  bench.github.configure([](GithubOptions& options) { options.app->token_life = Seconds{600}; });
  bench.github.revoke_app_tokens();
  CHECK(bench.runners().has_value());
}

TEST_CASE("contract: a clock that is wrong by half an hour does not keep the App out") {
  for (const auto skew : {std::chrono::minutes{-30}, std::chrono::minutes{30}}) {
    AppContract bench;
    github::ManualClock wrong;
    wrong.step_wall(skew);
    github::AppToken tokens(bench.transport, wrong, AppContract::emulated_key(),
                            AppContract::settings(0));
    CHECK(tokens.token(SteadyTime{Seconds{60}}).has_value());
  }
}

TEST_CASE("contract: a permission that the installation lacks is named") {
  AppContract bench(0, {{"actions", "read"}, {"metadata", "read"}});
  const auto answer = bench.runners();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::github_forbidden);
  CHECK(answer.error().message.find("lacks organization_self_hosted_runners=write") !=
        std::string::npos);
}

TEST_CASE("contract: another key, another installation, another repository are refused") {
  const std::string pem = R"(-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEAy8KZ0hj3FpOWZ/UOqT2uwk9fihrVbecAiZbov3jiFUvNQwxv
j563tidV4OjJiSx8w4ILm8prIVLy/xhjtW3FGKzPE6Lk3GevhPXk8fGQLOBckE/Y
+BCYELYr+DSB6UZNoAuuHzvRm0dXGuuxf7MBp0IGCF7+yihkPbQFTpiq0eiEUG13
oLonpaq86rEJtJf3O8NhXjd0E8fRj/CRE8Aa6wRCpU3kC4hUhNVcryDWg388+iBG
Ws8qiK6n9i6KQM2b/L4F1EJhTtQ9nnRFJFRgR8PGKAOeaSQaLKNpLy6I7kjuyjiU
NO9vd+vSyaTFqAy56Ohk/bLy9T7jH+7y+lunpwIDAQABAoIBAARKKmT/RuNb20bF
AoU1FaLtWNyBEOsYeejSCmI9klX9PcA8JXSWdpFD9wDAXVdt984wkV3/WK/oP7AR
TYPRpNyfl8+qBTMtn+km0wyxucOV98NP4n/jRDazuLpSmCMsUMxzpbMQgO8OFj09
hMgxVJPY33WB7JxaRM7J4VCW0fUHMKWvdGVPgoT1ovWIgk/yXPmCvmcCHLD8EOns
NKrw9LDTKtzewjcsRL5c4sK+mPWt6MCCFOHnTfDnbGnYTDoD7LwRYWmpqIwok731
OTRKR2fb9hwLSUmXRFzUxWOeSRBdxzQvsu4vZCEQJI1Mwx3fo6cbrJAmelH6avqv
okajasECgYEA7zgDTGut5knTq3iOWTF6vlZPiYscj7Zj6xMGkfGqgO+YD+hPZMEs
Cfaz95v8Jji/mg+MsdOV6gFnYaUIddrmsMTKQ7/ug/C4ifO0xAHukHufRX+HWqJ0
u1zsmZuZaF5xG9srvRyecqNJJgB5RWxi/gHk1XwRgrzGn0IIN5nSzBMCgYEA2g3O
t9Sh6KgB7mvApwbZHibqNgC6N83cq69r5BQT43kfnU6nYyzByVMlo68LXHledJn+
vUBivly4rnsGFCqytDNBUAMIvhtNTCI1BaclAJT+MAH61Ijur7ChH49Wm9CT0l8T
ClnjtM4adXLu3MNQyTJxzzekDDCp6XaZ0BUpgJ0CgYBVGlU6E7i7C5qtDud9Xbfw
DN6g7QeNLPLhB1S4CQSCeDpdtmTAUGStasHdnfWXV2r6kPuZq89Sf4ta1o5q9yRI
0MmwTpC5CaNtGHE/pfxMFF62J8dsfA0RNt7JSuzJj4enxFIMJilMWUDFrzd1djjF
asERHeFQ5H243JH1zdiLVwKBgQCOJcAjwL7Hr3aK2b2eZO13JYE7MSA0LsRzO4lH
BvusJ5K/dr3R/iRaPRTlbsAmSYyU0Krq7qUwWbufKt3cmbUjmeIy6bdyTtQGFKqi
A8MwbPCDlVbR5G5NJAT1UPjx3HfxBT+hWNYDUPSYqhMi4USx1Guy3R/ZPoQViNZe
et0yVQKBgQCdOL9YU1vAHArK9TNNECUhsvajIH+/9m0frDo2ImxHbOr9H/ijqNYv
InKRc6TpHYcejKSKuNl/l/sZVytpE5laCFaaqaaUXFWPC0OEc4nrIuANOYu763bT
UStHt0WDFjpKWO50hUj+ZHcT+NQCYXkEyFJ2uPzxcNgmmohCMBnLYg==
-----END RSA PRIVATE KEY-----
)";
  CHECK(AppContract(0, GithubApp().permissions, RsaKey::from_pem(Secret(pem)).value()).refusal() ==
        Code::github_unauthorized);
  CHECK(AppContract(5).refusal() == Code::github_not_found);
  AppContract bench;
  bench.github.configure([](GithubOptions& options) { options.repositories = {{"octo/repo"}}; });
  CHECK(bench.refusal() == Code::github_refused);
}

TEST_CASE("contract: an App sees what became of its deliveries, and has one sent again") {
  AppContract bench;
  const auto app = bench.client_of_app.as_app();
  REQUIRE(app);
  github::GithubClient itself = *app;
  CHECK(itself.list_deliveries(bench.deadline)->empty());
  bench.github.with_deliveries([](HookDeliveries& deliveries, WallTime now) {
    deliveries.note({{}, "{}", "completed"}, 202, now);
    deliveries.note({{}, "{}", "queued"}, 502, now);
  });
  const auto listed = itself.list_deliveries(bench.deadline);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  const github::Delivery failed = listed->front();
  CHECK(failed.status_code == 502);
  CHECK(failed.action == "queued");
  CHECK(failed.event == "workflow_job");
  CHECK(failed.delivered_at == bench.clock.wall());
  CHECK(itself.redeliver(failed.id, bench.deadline));
  bench.github.with_deliveries([](HookDeliveries& deliveries, WallTime now) {
    const auto asked = deliveries.take_asked();
    REQUIRE(asked.size() == 1);
    deliveries.note(asked.front().content, 202, now, asked.front().guid);
    CHECK(deliveries.take_asked().empty());
  });
  const auto again = itself.list_deliveries(bench.deadline);
  REQUIRE(again);
  CHECK(again->size() == 2);  // of three: a page
  CHECK(again->front().guid == failed.guid);
  CHECK(again->front().is_redelivery);
  CHECK(itself.redeliver(1, bench.deadline).error().code == Code::github_not_found);
}

TEST_CASE("contract: deliveries are the App's own: no token lists them") {
  AppContract bench;
  CHECK(bench.runners().has_value());
  CHECK_FALSE(bench.client.as_app());
  CHECK(bench.get("/app/hook/deliveries").status == 401);
  const auto token = bench.tokens.token(bench.deadline);
  REQUIRE(token);
  for (const char* method : {"GET", "POST"})
    CHECK(bench
              .send(method,
                    std::string("/app/hook/deliveries") +
                        (*method == 'P' ? "/3842091948768000001/attempts" : ""),
                    "", token->reveal())
              .status == 401);
}

TEST_CASE("contract: a JWT does nothing but the App's own calls, and a token none of them") {
  AppContract bench;
  const std::string jwt =
      github::app_jwt(AppContract::emulated_key(), GithubApp().id, bench.clock.wall());
  CHECK(bench.send("GET", "/orgs/octo/actions/runners", "", jwt).status == 401);
  CHECK(bench.send("GET", "/orgs/octo/installation", "", jwt).status == 200);
  CHECK(bench.send("GET", "/orgs/octo/installation", "", "good-token").status == 401);
  CHECK(bench.send("GET", "/orgs/octo/installation", "", "").status == 401);
  bench.clock.advance(std::chrono::minutes{9});
  CHECK(bench.send("GET", "/orgs/octo/installation", "", jwt).status == 401);
}

TEST_CASE("contract: the failed jobs of a run that has ended are run again, once") {
  Contract bench;
  const RunId run = bench.github.start_run(rr_run());
  CHECK(bench.client.rerun_failed_jobs({"octo/repo"}, run, bench.deadline).error().code ==
        Code::github_forbidden);
  bench.play_hosted(run, "setup", "failure");
  bench.play_hosted(run, "stop");
  CHECK(bench.client.rerun_failed_jobs({"octo/repo"}, run, bench.deadline));
  CHECK(bench.client.get_run({"octo/repo"}, run, bench.deadline)->attempt == 2);
  CHECK_FALSE(bench.client.rerun_failed_jobs({"octo/repo"}, run, bench.deadline));
}

}  // namespace
}  // namespace mayfly::lab
