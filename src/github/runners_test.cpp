#include <doctest/doctest.h>

#include "github/testing.h"

namespace mayfly::github {
namespace {

const JitRequest k_request{"mayfly-1", 3, {"mayfly-5-x86_64", "quo\"te"}};

TEST_CASE("github: a JIT config is asked for with exactly the labels given") {
  Bench bench;
  bench.transport.answer(
      201, R"({"runner":)" + runner_json(42, "mayfly-1") + R"(,"encoded_jit_config":"eyJ9"})");
  const auto config = bench.client.generate_jit_config(k_request, bench.deadline);
  REQUIRE(config);
  CHECK(config->runner.id == 42);
  CHECK(config->encoded.reveal() == "eyJ9");
  const HttpRequest& sent = bench.transport.sent.at(0);
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://github.test/api/v3/orgs/octo/actions/runners/generate-jitconfig");
  CHECK(sent.headers.find("content-type") == "application/json");
  CHECK(sent.body ==
        R"({"name":"mayfly-1","runner_group_id":3,"labels":["mayfly-5-x86_64","quo\"te"]})");
}

TEST_CASE("github: a JIT config whose answer is lost or unreadable may have been made") {
  Bench bench;
  bench.transport.break_with(Code::transport_lost);
  bench.transport.answer(502, "");
  bench.transport.answer(201, "{}");
  bench.transport.answer(201, R"({"runner":)" + runner_json(42, "n") + "}");
  for (int i = 0; i < 4; ++i) {
    const auto config = bench.client.generate_jit_config(k_request, bench.deadline);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == Code::github_lost);
  }
}

TEST_CASE("github: a JIT config that was refused says why") {
  struct Row {
    int status;
    Code code;
  };
  for (const Row row : {Row{404, Code::github_forbidden}, Row{409, Code::github_conflict},
                        Row{422, Code::github_refused}, Row{403, Code::github_forbidden}}) {
    Bench bench;
    bench.transport.answer(row.status, R"({"message":"because"})");
    const auto config = bench.client.generate_jit_config(k_request, bench.deadline);
    CHECK(config.error().code == row.code);
    CHECK(config.error().message.find("because") != std::string::npos);
  }
  Bench bench;
  bench.transport.break_with(Code::transport_not_sent);
  const auto config = bench.client.generate_jit_config(k_request, bench.deadline);
  CHECK(config.error().code == Code::github_unavailable);
}

TEST_CASE("github: runners of a repository are asked for at the repository") {
  Settings settings = Bench::organization_settings();
  settings.scope = {Scope::Kind::repository, "", {"octo/repo"}};
  Bench bench(settings);
  bench.transport.answer(403, "{}");
  const auto runners = bench.client.list_runners(bench.deadline);
  CHECK(runners.error().message.find("Administration: write") != std::string::npos);
  CHECK(bench.transport.sent.at(0).url.starts_with(
      "https://github.test/api/v3/repos/octo/repo/actions/runners?"));
}

TEST_CASE("github: a runner is found by its whole name only") {
  Bench bench;
  const std::string two = runners_json(2, runner_json(1, "m-10") + "," + runner_json(2, "m-1"));
  bench.transport.answer(200, two);
  bench.transport.answer(200, two);
  CHECK(bench.client.find_runner("m-1", bench.deadline)->value().id == 2);
  CHECK_FALSE(bench.client.find_runner("m-", bench.deadline)->has_value());
  CHECK(bench.transport.sent.at(0).url.ends_with("runners?name=m-1&per_page=100&page=1"));
}

TEST_CASE("github: a runner is read with its state and labels") {
  Bench bench;
  bench.transport.answer(200, runners_json(1, runner_json(1, "m")));
  const auto runners = bench.client.list_runners(bench.deadline);
  REQUIRE(runners);
  CHECK(runners->at(0).online);
  CHECK_FALSE(runners->at(0).busy);
  CHECK(runners->at(0).labels == std::vector<std::string>{"x"});
}

TEST_CASE("github: a list with one unreadable runner is an error") {
  for (const char* bad : {"{}", "7", R"({"id":2,"name":"m","status":"online","labels":[]})"}) {
    Bench bench;
    bench.transport.answer(200, runners_json(2, runner_json(1, "m") + "," + bad));
    CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_bad_answer);
  }
}

TEST_CASE("github: deleting a runner that is gone succeeds, and a busy one stays") {
  Bench bench;
  bench.transport.answer(204, "");
  bench.transport.answer(404, "{}");
  bench.transport.answer(422, R"({"message":"is currently running a job"})");
  bench.transport.break_with(Code::transport_lost);
  CHECK(bench.client.delete_runner(7, bench.deadline));
  CHECK(bench.client.delete_runner(7, bench.deadline));
  CHECK(bench.client.delete_runner(7, bench.deadline).error().code == Code::github_busy);
  CHECK(bench.client.delete_runner(7, bench.deadline).error().code == Code::github_unavailable);
  CHECK(bench.transport.sent.at(0).method == "DELETE");
  CHECK(bench.transport.sent.at(0).url.ends_with("/orgs/octo/actions/runners/7"));
}

TEST_CASE("github: downloads may lack a checksum and nothing else") {
  Bench bench;
  const std::string base = R"("os":"linux","architecture":"x64","filename":"r.tar.gz")";
  bench.transport.answer(200, "[{" + base + R"(,"download_url":"https://d/r"}])");
  bench.transport.answer(200, "[{" + base + "}]");
  bench.transport.answer(200, "{}");
  const auto downloads = bench.client.list_downloads(bench.deadline);
  REQUIRE(downloads);
  CHECK(downloads->at(0).url == "https://d/r");
  CHECK(downloads->at(0).sha256.empty());
  CHECK_FALSE(bench.client.list_downloads(bench.deadline));
  CHECK_FALSE(bench.client.list_downloads(bench.deadline));
}

}  // namespace
}  // namespace mayfly::github
