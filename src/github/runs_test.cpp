#include <doctest/doctest.h>

#include "github/testing.h"

namespace mayfly::github {
namespace {

std::string job_json(std::int64_t id, RunId run, const std::string& labels) {
  return R"({"id":)" + std::to_string(id) + R"(,"run_id":)" + std::to_string(run) +
         R"(,"run_attempt":2,"status":"queued","name":"test","labels":)" + labels +
         R"(,"runner_id":0,"runner_name":null})";
}

std::string jobs_json(const std::string& jobs) {
  return R"({"total_count":1,"jobs":[)" + jobs + "]}";
}

std::string runs_json(const std::string& runs) {
  return R"({"total_count":1,"workflow_runs":[)" + runs + "]}";
}

TEST_CASE("github: a run is read with everything the policy looks at") {
  Bench bench;
  bench.transport.answer(200, run_json(5));
  const auto run = bench.client.get_run(bench.repository, 5, bench.deadline);
  REQUIRE(run);
  CHECK(run->id == 5);
  CHECK(run->attempt == 2);
  CHECK(run->status == RunStatus::in_progress);
  CHECK(run->event == "pull_request");
  CHECK(run->path == ".github/workflows/ci.yml");
  CHECK(run->head_repository == "ann/repo");
  CHECK(run->repository == "octo/repo");
  CHECK(run->actor == "ann");
  CHECK(run->conclusion.empty());
  CHECK(iso8601(*run->created_at) == "2026-11-23T20:15:30Z");
  CHECK(bench.transport.sent.at(0).url ==
        "https://github.test/api/v3/repos/octo/repo/actions/runs/5");
}

TEST_CASE("github: names go into the URL encoded") {
  Bench bench;
  bench.transport.answer(200, run_json(5));
  CHECK(bench.client.get_run({"octo/re po?x#y"}, 5, bench.deadline));
  CHECK(bench.transport.sent.at(0).url ==
        "https://github.test/api/v3/repos/octo/re%20po%3Fx%23y/actions/runs/5");
}

TEST_CASE("github: a run that has not changed is served from memory") {
  Bench bench;
  bench.transport.answer(200, run_json(5), {{"ETag", "W/\"v1\""}});
  bench.transport.answer(304, "");
  REQUIRE(bench.client.get_run(bench.repository, 5, bench.deadline));
  const auto again = bench.client.get_run(bench.repository, 5, bench.deadline);
  REQUIRE(again);
  CHECK(again->head_repository == "ann/repo");
  CHECK_FALSE(bench.transport.sent.at(0).headers.find("if-none-match"));
  CHECK(bench.transport.sent.at(1).headers.find("if-none-match") == "W/\"v1\"");
}

TEST_CASE("github: a changed run replaces what was kept, and an error does not") {
  Bench bench;
  bench.transport.answer(200, run_json(5), {{"ETag", "\"v1\""}});
  bench.transport.answer(500, "");
  bench.transport.answer(200, run_json(5, R"(,"x":1)"), {{"ETag", "\"v2\""}});
  bench.transport.answer(304, "");
  CHECK(bench.client.get_run(bench.repository, 5, bench.deadline));
  CHECK_FALSE(bench.client.get_run(bench.repository, 5, bench.deadline));
  CHECK(bench.client.get_run(bench.repository, 5, bench.deadline));
  CHECK(bench.client.get_run(bench.repository, 5, bench.deadline));
  CHECK(bench.transport.sent.at(2).headers.find("if-none-match") == "\"v1\"");
  CHECK(bench.transport.sent.at(3).headers.find("if-none-match") == "\"v2\"");
}

TEST_CASE("github: 256 runs are kept, and the one used longest ago goes first") {
  Bench bench;
  const auto ask = [&](RunId id) {
    bench.transport.answer(200, run_json(id), {{"ETag", "\"v\""}});
    REQUIRE(bench.client.get_run(bench.repository, id, bench.deadline));
    return bench.transport.sent.back().headers.find("if-none-match").has_value();
  };
  for (RunId id = 1; id <= 256; ++id) CHECK_FALSE(ask(id));
  CHECK(ask(1));
  CHECK_FALSE(ask(257));
  CHECK(ask(1));
  CHECK_FALSE(ask(2));
}

TEST_CASE("github: a 304 that was not asked for is no answer") {
  Bench bench;
  bench.transport.answer(304, "");
  const auto run = bench.client.get_run(bench.repository, 5, bench.deadline);
  CHECK(run.error().code == Code::github_bad_answer);
}

TEST_CASE("github: an unreadable run is an error, never a guess") {
  const std::string good = run_json(5);
  const auto without = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& body :
       {std::string(""), std::string("[]"), std::string("{}"), run_json(6),
        without("\"in_progress\"", "\"new_state\""), without("\"id\":5", "\"id\":\"5\""),
        without("\"pull_request\"", "7"), without("octo/repo", ""),
        without("\"run_attempt\":2", "\"run_attempt\":0")}) {
    Bench bench;
    CAPTURE(body);
    bench.transport.answer(200, body);
    const auto run = bench.client.get_run(bench.repository, 5, bench.deadline);
    REQUIRE_FALSE(run);
    CHECK(run.error().code == Code::github_bad_answer);
  }
}

TEST_CASE("github: a run whose fork is gone has no head repository") {
  Bench bench;
  std::string body = run_json(5);
  const std::string fork = R"({"full_name":"ann/repo"})";
  body.replace(body.find(fork), fork.size(), "null");
  bench.transport.answer(200, body);
  CHECK(bench.client.get_run(bench.repository, 5, bench.deadline)->head_repository.empty());
}

TEST_CASE("github: live runs are the queued and the running ones, newest first, each once") {
  Bench bench;
  bench.transport.answer(200, runs_json(run_json(7) + "," + run_json(5)));
  bench.transport.answer(200, runs_json(run_json(6) + "," + run_json(5)));
  const auto runs = bench.client.list_live_runs(bench.repository, bench.deadline);
  REQUIRE(runs);
  REQUIRE(runs->size() == 3);
  CHECK(runs->at(0).id == 7);
  CHECK(runs->at(2).id == 5);
  CHECK(bench.transport.sent.at(0).url.ends_with("runs?status=queued&per_page=100"));
  CHECK(bench.transport.sent.at(1).url.ends_with("runs?status=in_progress&per_page=100"));
}

TEST_CASE(
    "github: live runs are asked for with the ETags of their lists, and 304 means as before") {
  Bench bench;
  bench.transport.answer(200, runs_json(run_json(7)), {{"ETag", "\"q\""}});
  bench.transport.answer(200, runs_json(run_json(5)), {{"ETag", "\"p\""}});
  bench.transport.answer(304, "");
  bench.transport.answer(304, "");
  REQUIRE(bench.client.list_live_runs(bench.repository, bench.deadline));
  const auto again = bench.client.list_live_runs(bench.repository, bench.deadline);
  REQUIRE(again);
  REQUIRE(again->size() == 2);
  CHECK(again->at(1).id == 5);
  CHECK(bench.transport.sent.at(2).headers.find("if-none-match") == "\"q\"");
  CHECK(bench.transport.sent.at(3).headers.find("if-none-match") == "\"p\"");
}

TEST_CASE("github: the jobs of an attempt carry their labels; nulls and runner 0 mean none") {
  Bench bench;
  bench.transport.answer(200, jobs_json(job_json(9, 5, R"(["linux",null,"X64"])")));
  const auto jobs = bench.client.list_jobs(bench.repository, 5, 2, bench.deadline);
  REQUIRE(jobs);
  CHECK(jobs->at(0).labels == std::vector<std::string>{"linux", "X64"});
  CHECK_FALSE(jobs->at(0).runner_id);
  CHECK(jobs->at(0).attempt == 2);
  CHECK(bench.transport.sent.at(0).url.find("/runs/5/attempts/2/jobs?") != std::string::npos);
}

TEST_CASE("github: one unreadable or foreign job makes the whole list an error") {
  for (const std::string& bad :
       {job_json(9, 6, "[]"), job_json(9, 5, "[1]"), job_json(9, 5, "null"), std::string("3")}) {
    Bench bench;
    bench.transport.answer(200, jobs_json(job_json(8, 5, "[]") + "," + bad));
    const auto jobs = bench.client.list_jobs(bench.repository, 5, 2, bench.deadline);
    REQUIRE_FALSE(jobs);
    CHECK(jobs.error().code == Code::github_bad_answer);
  }
}

TEST_CASE("github: failed jobs are run again by a POST, and a refusal says so") {
  Bench bench;
  bench.transport.answer(201, "{}");
  CHECK(bench.client.rerun_failed_jobs(bench.repository, 5, bench.deadline));
  CHECK(bench.transport.sent.at(0).method == "POST");
  CHECK(bench.transport.sent.at(0).url.ends_with("/actions/runs/5/rerun-failed-jobs"));
  bench.transport.answer(403, R"({"message":"This workflow is already running"})");
  const Status refused = bench.client.rerun_failed_jobs(bench.repository, 5, bench.deadline);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::github_forbidden);
}

}  // namespace
}  // namespace mayfly::github
