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
