#include "lab/control.h"

#include <doctest/doctest.h>

#include "base/json.h"
#include "lab/github/testing.h"

namespace mayfly::lab {
namespace {

struct ControlBench {
  GithubBench bench;
  Control control{bench.github, "octo/repo"};

  HttpResponse post(const std::string& path, const std::string& body = {}) {
    return control.handle(
        {.method = "POST", .url = "/_emulator/" + path, .headers = {}, .body = body});
  }
  // The test jobs of a run whose setup has ended.
  std::vector<GithubJob> tests_of(const HttpResponse& started) {
    const json::value body = parse_json(started.body).value();
    const RunId id = json_int(body.as_object(), "id").value();
    const std::string run = "runs/" + std::to_string(id);
    REQUIRE(post(run + "/jobs/setup/begin").status == 200);
    REQUIRE(post(run + "/jobs/setup/complete").status == 200);
    return {bench.job(id, "test-x86_64"), bench.job(id, "test-arm64")};
  }
};

TEST_CASE("control: a run has one label for both of its tests, or one for each, and their time") {
  ControlBench bench;
  const auto same = bench.tests_of(bench.post("runs", R"({"label":"rr_1"})"));
  CHECK(same[0].spec.labels.front() == "rr_1");
  CHECK(same[1].spec.labels.front() == "rr_1");
  CHECK(same[0].spec.duration == Seconds{3});
  const auto own = bench.tests_of(bench.post("runs", R"({"labels":["a","b"],"job_ms":50})"));
  CHECK(own[0].spec.labels.front() == "a");
  CHECK(own[1].spec.labels.front() == "b");
  CHECK(own[1].spec.duration == Millis{50});
}

TEST_CASE("control: a run is of whom and of what the body says, and may wait for an approval") {
  ControlBench bench;
  const auto started = bench.post("runs", R"({"label":"a","event":"push","actor":"eve",)"
                                          R"("head_repository":"eve/rr","head_branch":"b",)"
                                          R"("head_sha":"c","awaits_approval":true})");
  const GithubRun run = bench.bench.github.runs().at(0);
  CHECK(run.spec.event == "push");
  CHECK(run.spec.actor == "eve");
  CHECK(run.spec.head_repository == "eve/rr");
  CHECK(run.spec.head_branch == "b");
  CHECK(run.spec.head_sha == "c");
  CHECK(bench.bench.github.outcome(run.id).conclusion == "action_required");
  const std::string path = "runs/" + std::to_string(run.id) + "/approve";
  CHECK(bench.post(path).status == 200);
  CHECK(bench.bench.github.outcome(run.id).state == JobState::queued);
  CHECK(bench.post(path).status != 200);
}

TEST_CASE("control: pull requests are opened, judged, moved on and closed") {
  ControlBench bench;
  const std::string pulls = "pulls";
  CHECK(bench.post(pulls, R"({"head_repository":"eve/repo","author":"eve"})").status == 201);
  CHECK(bench.post("associations", R"({"login":"bob","association":"MEMBER"})").status == 200);
  CHECK(bench.post("associations", R"({"login":"bob","association":"FRIEND"})").status == 400);
  const std::string one = pulls + "/1";
  CHECK(bench.post(one + "/reviews", R"({"author":"eve","state":"APPROVED"})").status == 400);
  CHECK(bench.post(one + "/reviews", R"({"author":"bob","state":"LIKED"})").status == 400);
  const auto review = bench.post(one + "/reviews", R"({"author":"bob","state":"APPROVED"})");
  REQUIRE(review.status == 201);
  CHECK(bench.post(one + "/push", "{}").status == 404);
  CHECK(bench.post(one + "/push", R"({"sha":"abc"})").status == 200);
  const auto seen = [&] {
    GithubPull pull;
    bench.bench.github.with_pulls(
        [&](GithubPulls& all, WallTime) { pull = *all.find({"octo/repo"}, 1); });
    return pull;
  };
  CHECK(seen().head_sha == "abc");
  CHECK(seen().reviews.at(0).state == "APPROVED");
  CHECK(seen().reviews.at(0).commit != "abc");
  const std::string id = std::to_string(seen().reviews.at(0).id);
  CHECK(bench.post(one + "/reviews/" + id + "/dismiss").status == 200);
  CHECK(seen().reviews.at(0).state == "DISMISSED");
  CHECK(bench.post(one + "/reviews/" + id + "/dismiss").status == 400);
  CHECK(bench.post(one + "/close").status == 200);
  CHECK_FALSE(seen().is_open);
  CHECK(bench.post("pulls/2/close").status != 200);
  CHECK(bench.post("pulls/1/reopen").status == 404);
}

TEST_CASE("control: a run without labels, or with a time that is none, is not started") {
  ControlBench bench;
  for (const char* body :
       {"", "[]", "{}", R"({"label":7})", R"({"labels":["a"]})", R"({"labels":["a",7]})",
        R"({"labels":["a","b","c"]})", R"({"labels":["a","b",7]})", R"({"label":"a","job_ms":-1})",
        R"({"label":"a","job_ms":"50"})", R"({"label":"a","job_ms":3600001})"}) {
    CAPTURE(body);
    CHECK(bench.post("runs", body).status == 400);
  }
  CHECK(bench.bench.github.runs().empty());
}

}  // namespace
}  // namespace mayfly::lab
