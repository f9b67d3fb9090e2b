#pragma once

// For the tests of the fake GitHub: a world with a clock moved by hand, rr's workflow, and requests
// in one line. One thread.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>

#include "base/json.h"
#include "github/testing.h"
#include "lab/github/fake_github.h"

namespace mayfly::lab {

class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(count_++ * 167 + 13);
  }

 private:
  unsigned count_ = 0;
};

inline GithubOptions octo_options() {
  GithubOptions options;
  options.base_url = "https://api.test";
  options.repositories = {{"octo/repo"}, {"octo/other"}, {"stranger/repo"}};
  options.token = Secret("good-token");
  options.downloads = {{"linux", "x64", "https://dl.test/r.tar.gz", "r.tar.gz", "ab12"},
                       {"linux", "arm64", "https://dl.test/a.tar.gz", "a.tar.gz", ""}};
  return options;
}

// A hosted setup, one test job that needs it, and a clean-up that always comes.
inline RunSpec rr_run(const std::string& label = "mayfly_1") {
  RunSpec spec;
  spec.repository = {"octo/repo"};
  spec.head_repository = "contributor/repo";
  spec.jobs = {{.name = "setup", .labels = {"ubuntu-latest"}, .hosted = true},
               {.name = "test",
                .labels = {label, "arch_x86_64"},
                .needs = {"setup"},
                .duration = Seconds{5},
                .steps = {"build", "test"}},
               {.name = "stop",
                .labels = {"ubuntu-latest"},
                .needs = {"test"},
                .hosted = true,
                .always = true}};
  return spec;
}

struct GithubBench {
  github::ManualClock clock;
  CountingEntropy entropy;
  FakeGithub github;

  explicit GithubBench(GithubOptions options = octo_options())
      : github(clock, entropy, std::move(options)) {}

  HttpResponse send(std::string method, std::string url, std::string body = "",
                    std::string token = "good-token") {
    HttpRequest request{std::move(method), std::move(url), {{"User-Agent", "test"}}, {}};
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    request.body = std::move(body);
    return github.handle(request);
  }
  HttpResponse get(std::string url) { return send("GET", std::move(url)); }
  json::object body(const HttpResponse& response) {
    return parse_json(response.body, upstream_json_limits()).value().as_object();
  }

  // The runner's own calls, as the stand-in makes them.
  HttpResponse runner_call(const std::string& what, const json::object& request) {
    return send("POST", "/_runner/" + what, json::serialize(request), "");
  }
  RunnerId register_runner(const std::string& name, std::initializer_list<const char*> labels) {
    json::array list;
    for (const char* label : labels) list.emplace_back(label);
    const json::object request{{"name", name}, {"runner_group_id", 1}, {"labels", list}};
    const HttpResponse response =
        send("POST", "/orgs/octo/actions/runners/generate-jitconfig", json::serialize(request));
    return json_int(body(response).at("runner").as_object(), "id").value();
  }
  std::string secret_of(RunnerId id) {
    for (const GithubRunner& runner : github.runners())
      if (runner.id == id) return runner.secret;
    return "";
  }
  std::string connect(RunnerId id) {
    const HttpResponse response =
        runner_call("session", {{"runner_id", id}, {"secret", secret_of(id)}});
    return json_string(body(response), "session").value_or("");
  }
  int poll(const std::string& session) {
    return runner_call("poll", {{"session", session}}).status;
  }
  int report(const std::string& session, JobId id, const std::string& event) {
    return runner_call(
               "job",
               {{"session", session}, {"job_id", id}, {"event", event}, {"conclusion", "success"}})
        .status;
  }
  // The job of the current attempt by name, or one with id 0.
  GithubJob job(RunId run, const std::string& name) {
    for (const GithubJob& each : github.jobs(run))
      if (each.spec.name == name) return each;
    return {};
  }
  void play_hosted(RunId run, const std::string& name, const std::string& conclusion = "success") {
    const JobId id = job(run, name).id;
    MAYFLY_CHECK(github.begin_job(id).has_value());
    MAYFLY_CHECK(github.complete_job(id, conclusion).has_value());
  }
};

}  // namespace mayfly::lab
