#include "lab/github/fake_github.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "lab/github/testing.h"
#include "lab/local_transport.h"

namespace mayfly::lab {
namespace {

const std::string k_jit = "/orgs/octo/actions/runners/generate-jitconfig";

TEST_CASE("fake github: a wrong credential opens nothing, none opens public facts") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  const std::string url = "/repos/octo/repo/actions/runs/" + std::to_string(run);
  CHECK(bench.send("GET", url, "", "bad").status == 401);
  CHECK(bench.send("GET", url, "", "").status == 200);
  CHECK(bench.send("GET", "/orgs/octo/actions/runners", "", "").status == 401);
  CHECK(bench.send("POST", k_jit, "{}", "").status == 401);
  CHECK(bench.get("/orgs/octo/actions/runners").status == 200);
}

TEST_CASE("fake github: a fake without a token lets nobody in") {
  GithubOptions options = octo_options();
  options.token = Secret();
  GithubBench bench(options);
  CHECK(bench.send("GET", "/orgs/octo/actions/runners", "", " ").status == 401);
}

TEST_CASE("fake github: what it does not know is GitHub's 404") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  const std::string id = std::to_string(run);
  for (const std::string& url :
       {std::string("/"), std::string("/repos/octo"), std::string("/repos/octo/none"),
        "/repos/octo/other/actions/runs/" + id, std::string("/repos/octo/repo/actions/runs/x"),
        "/repos/octo/repo/actions/runs/" + id + "/attempts/2/jobs",
        std::string("/repos/octo/repo/actions/jobs/1"), std::string("/orgs/none/actions/runners"),
        std::string("/orgs/octo/actions/runners/9")}) {
    CAPTURE(url);
    const HttpResponse response = bench.get(url);
    CHECK(response.status == 404);
    CHECK(json_string(bench.body(response), "message") == "Not Found");
  }
  CHECK(bench.send("PUT", "/rate_limit").status == 404);
}

TEST_CASE("fake github: a caller must name itself and an API version that exists") {
  GithubBench bench;
  HttpRequest request{"GET", "/rate_limit", {}, {}};
  CHECK(bench.github.handle(request).status == 403);
  request.headers = {{"User-Agent", "t"}, {"X-GitHub-Api-Version", "2020-01-01"}};
  CHECK(bench.github.handle(request).status == 400);
  request.headers.set("X-GitHub-Api-Version", "2022-11-28");
  const HttpResponse response = bench.github.handle(request);
  CHECK(response.status == 200);
  CHECK(response.headers.find("x-github-api-version-selected") == "2022-11-28");
  CHECK(response.headers.find("x-github-request-id"));
}

TEST_CASE("fake github: a run that has not changed costs nothing of the hour's calls") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  HttpRequest request{"GET",
                      "/repos/octo/repo/actions/runs/" + std::to_string(run),
                      {{"User-Agent", "t"}, {"Authorization", "Bearer good-token"}},
                      {}};
  const HttpResponse first = bench.github.handle(request);
  CHECK(first.headers.find("x-ratelimit-remaining") == "4999");
  request.headers.add("If-None-Match", std::string(*first.headers.find("etag")));
  const HttpResponse second = bench.github.handle(request);
  CHECK(second.status == 304);
  CHECK(second.body.empty());
  CHECK(second.headers.find("x-ratelimit-remaining") == "4999");
  bench.play_hosted(run, "setup");
  CHECK(bench.github.handle(request).status == 200);
}

TEST_CASE("fake github: the hour's calls and the minute's points are refused when spent") {
  GithubOptions options = octo_options();
  options.calls_per_hour = 3;
  options.points_per_minute = 12;
  GithubBench bench(options);
  CHECK(bench.send("POST", k_jit, "{}").status == 422);
  CHECK(bench.send("POST", k_jit, "{}").status == 422);
  const HttpResponse dense = bench.send("POST", k_jit, "{}");
  CHECK(dense.status == 403);
  CHECK(dense.headers.find("retry-after") == "60");
  bench.clock.advance(Seconds{60});
  CHECK(bench.get("/orgs/octo/actions/runners").status == 200);
  const HttpResponse spent = bench.get("/orgs/octo/actions/runners");
  CHECK(spent.status == 403);
  CHECK(spent.headers.find("x-ratelimit-remaining") == "0");
  bench.clock.advance(std::chrono::hours{1});
  CHECK(bench.get("/orgs/octo/actions/runners").status == 200);
}

TEST_CASE("fake github: pages are no longer than allowed and linked by GitHub's header") {
  GithubOptions options = octo_options();
  options.page_max = 2;
  GithubBench bench(options);
  for (int i = 0; i < 5; ++i) bench.register_runner("m-" + std::to_string(i), {"x"});
  const HttpResponse middle = bench.get("/orgs/octo/actions/runners?per_page=100&page=2");
  const json::object body = bench.body(middle);
  CHECK(json_int(body, "total_count") == 5);
  CHECK(json_array(body, "runners")->size() == 2);
  CHECK(middle.headers.find("link") ==
        "<https://api.test/orgs/octo/actions/runners?per_page=100&page=3>; rel=\"next\", "
        "<https://api.test/orgs/octo/actions/runners?per_page=100&page=3>; rel=\"last\", "
        "<https://api.test/orgs/octo/actions/runners?per_page=100&page=1>; rel=\"first\", "
        "<https://api.test/orgs/octo/actions/runners?per_page=100&page=1>; rel=\"prev\"");
  CHECK(json_array(bench.body(bench.get("/orgs/octo/actions/runners?page=9")), "runners")->empty());
}

TEST_CASE("fake github: runs come newest first and can be filtered") {
  GithubBench bench;
  const RunId first = bench.github.start_run(rr_run());
  RunSpec push = rr_run();
  push.event = "push";
  const RunId second = bench.github.start_run(push);
  REQUIRE(bench.github.begin_job(bench.job(first, "setup").id));
  const auto ids = [&](const std::string& query) {
    std::vector<RunId> out;
    const json::object body = bench.body(bench.get("/repos/octo/repo/actions/runs?" + query));
    for (const json::value& run : *json_array(body, "workflow_runs"))
      out.push_back(json_int(run.as_object(), "id").value());
    return out;
  };
  CHECK(ids("") == std::vector<RunId>{second, first});
  CHECK(ids("status=in_progress") == std::vector<RunId>{first});
  CHECK(ids("status=queued&event=push") == std::vector<RunId>{second});
  CHECK(ids("per_page=1&page=2") == std::vector<RunId>{first});
  CHECK(ids("status=success").empty());
}

TEST_CASE("fake github: a JIT config needs name, group and labels, and a name that is free") {
  GithubBench bench;
  const auto status = [&](const std::string& body) {
    return bench.send("POST", k_jit, body).status;
  };
  CHECK(status(R"({"name":"m-1","runner_group_id":1,"labels":["x"]})") == 201);
  CHECK(status(R"({"name":"M-1","runner_group_id":1,"labels":["x"]})") == 409);
  CHECK(status(R"({"name":"m-2","runner_group_id":2,"labels":["x"]})") == 404);
  for (const char* body :
       {"", "[]", "{}", R"({"name":"m-2","runner_group_id":1,"labels":[]})",
        R"({"name":"m-2","runner_group_id":1,"labels":[7]})",
        R"({"name":"m-2","runner_group_id":1})", R"({"name":"m-2","labels":["x"]})",
        R"({"name":"","runner_group_id":1,"labels":["x"]})"}) {
    CAPTURE(body);
    CHECK(status(body) == 422);
  }
  CHECK(bench.github.runners().size() == 1);
  CHECK(bench
            .send("POST", "/repos/octo/repo/actions/runners/generate-jitconfig",
                  R"({"name":"m-1","runner_group_id":1,"labels":["x"]})")
            .status == 201);
}

TEST_CASE("fake github: a JIT config is base64 of three files, from which a runner can start") {
  GithubBench bench;
  const HttpResponse response =
      bench.send("POST", k_jit, R"({"name":"m-1","runner_group_id":1,"labels":["x"]})");
  const json::object answer = bench.body(response);
  const auto decode = [](const std::string& text) {
    return parse_json(base64_decode(text).value()).value().as_object();
  };
  const json::object files = decode(json_string(answer, "encoded_jit_config").value());
  CHECK(files.size() == 3);
  const json::object settings = decode(json_string(files, ".runner").value());
  CHECK(json_string(settings, "serverUrl") == "https://api.test");
  CHECK(json_string(settings, "agentName") == "m-1");
  CHECK(json_string(settings, "agentId") == "1");
  const json::object credentials = decode(json_string(files, ".credentials").value());
  CHECK(json_string(*json_object(credentials, "data"), "secret") == bench.secret_of(1));
  CHECK(response.headers.find("x-github-request-id")->find(bench.secret_of(1).substr(0, 8)) ==
        std::string::npos);
}

TEST_CASE("local transport: requests go by origin, and elsewhere nothing listens") {
  GithubBench bench;
  LocalTransport transport;
  transport.connect("https://API.test:443", bench.github);
  const HttpRequest request{"GET", "https://api.test/rate_limit", {{"User-Agent", "t"}}, {}};
  CHECK(transport.send(request, {})->status == 200);
  for (const char* url : {"http://api.test/rate_limit", "https://api.test:8443/", "https://x.test/",
                          "nonsense", ""}) {
    CAPTURE(url);
    CHECK(transport.send({"GET", url, {}, {}}, {}).error().code == Code::transport_not_sent);
  }
}

}  // namespace
}  // namespace mayfly::lab
