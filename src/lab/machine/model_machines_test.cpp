#include "lab/machine/model_machines.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lab/github/testing.h"
#include "lab/local_transport.h"
#include "lab/machine/testing.h"

namespace mayfly {
namespace {

using namespace lab;

constexpr const char* k_id = "i-0123456789abcdef0";
constexpr const char* k_lease = "l-0123456789abcdef0123";

class Metadata final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    ++calls;
    const std::string prefix = std::string("/imds/") + k_id + "/latest/";
    if (request.method == "PUT") return {200, {}, "token"};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:lease") return {200, {}, k_lease};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:claim") return {200, {}, "ab12"};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:api")
      return {200, {}, "https://mayfly.test"};
    return {404, {}, ""};
  }
  int calls = 0;
};

// The service's side: answers claims with what `answers` says, then with a JIT config.
class Api final : public HttpService {
 public:
  explicit Api(GithubBench& github) : github_(github) {}

  HttpResponse handle(const HttpRequest& request) override {
    const auto body = parse_json(request.body).value().as_object();
    if (request.headers.find("X-Mayfly-Claim") != "ab12") return {403, {}, ""};
    if (request.url != "/v1/claims") {
      events.push_back(json_string(body, "event").value());
      if (on_event) on_event(events.back());
      return {204, {}, ""};
    }
    keys.push_back(json_string(body, "claim_key").value());
    if (keys.size() <= answers.size()) return answers[keys.size() - 1];
    return {200, {}, claim_answer()};
  }

  std::vector<std::string> events;
  std::vector<std::string> keys;
  std::vector<HttpResponse> answers;
  std::function<void(const std::string&)> on_event;
  std::string run_id = "0";

 private:
  std::string claim_answer() {
    const HttpResponse made =
        github_.send("POST", "/orgs/octo/actions/runners/generate-jitconfig",
                     R"({"name":"r1","runner_group_id":1,"labels":["mayfly_1","arch_x86_64"]})");
    const std::string jit = json_string(github_.body(made), "encoded_jit_config").value();
    return "repository Octo/repo\nrun_id " + run_id + "\nsudo yes\njit_config " + jit + "\n";
  }

  GithubBench& github_;
};

struct World {
  GithubBench github;
  Metadata metadata;
  Api api{github};
  LocalTransport transport;
  RememberingPower power;
  ModelSeams seams{transport, github.clock, github.entropy};
  ModelMachines machines;
  RunId run = 0;

  explicit World(ModelOptions options = {}) : machines(seams, power, std::move(options)) {
    transport.connect("http://169.254.169.254", metadata);
    transport.connect("https://mayfly.test", api);
    transport.connect("https://api.test", github.github);
    run = github.github.start_run(rr_run());
    github.play_hosted(run, "setup");
    api.run_id = std::to_string(run);
  }

  void start() { machines.on_running(machine_with("", k_id)); }
  // Until nothing is due any more, or a day has passed.
  void drive() {
    const SteadyTime end = github.clock.steady() + Seconds{86'400};
    while (const auto next = machines.next_step()) {
      if (*next > end) return;
      github.clock.sleep_until(std::max(*next, github.clock.steady()));
      machines.step();
    }
  }
  std::string conclusion() { return github.job(run, "test").conclusion; }
  bool is_off() { return power.ids == std::vector<std::string>{k_id} && machines.count() == 0; }
};

using Names = std::vector<std::string>;

TEST_CASE("model machine: an honest one takes its job, tells of each step, and powers off") {
  World world;
  world.start();
  world.drive();
  CHECK(world.conclusion() == "success");
  CHECK(world.api.events == Names{"booted", "runner-downloading", "runner-ready", "claiming",
                                  "runner-started", "job-started", "job-completed",
                                  "runner-exited"});
  CHECK(world.is_off());
}

TEST_CASE("model machine: boot, download and job take the time they are given") {
  World world({.boot = Seconds{20}, .install = Seconds{10}, .job = Seconds{30}});
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.github.clock.steady() - start == Seconds{60});
}

TEST_CASE("model machine: a slow one is honest, ten times later") {
  World world(
      {.boot = Seconds{20}, .behaviour = [](const Machine&) { return Behaviour::slow_boot; }});
  world.start();
  CHECK(*world.machines.next_step() - world.github.clock.steady() == Seconds{200});
  world.drive();
  CHECK(world.conclusion() == "success");
}

TEST_CASE("model machine: a dead one never says a word and stays on") {
  World world({.behaviour = [](const Machine&) { return Behaviour::dead; }});
  world.start();
  world.github.clock.advance(Seconds{3600});
  world.machines.step();
  CHECK(!world.machines.next_step());
  CHECK(world.metadata.calls == 0);
  CHECK(world.machines.count() == 1);
}

TEST_CASE("model machine: a claim that must wait is repeated with the same key") {
  World world;
  world.api.answers = {{503, {{"Retry-After", "7"}}, ""}, {503, {}, ""}};
  world.start();
  world.drive();
  REQUIRE(world.api.keys.size() == 3);
  CHECK(world.api.keys[0] == world.api.keys[2]);
  CHECK(world.api.keys[0].size() == 32);
  CHECK(world.conclusion() == "success");
}

TEST_CASE("model machine: a claim without an answer is given up after two minutes") {
  World world;
  world.api.answers = std::vector<HttpResponse>(100, {503, {{"Retry-After", "10"}}, ""});
  world.start();
  world.drive();
  CHECK(world.api.keys.size() == 13);
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: a refused claim is final") {
  World world;
  world.api.answers = {{403, {}, ""}};
  world.start();
  world.drive();
  CHECK(world.api.keys.size() == 1);
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: a claim that cannot be understood is final") {
  World world;
  world.api.answers = {{200, {}, "repository octo/repo\nrun_id 17\njit_config AAAA\n"}};
  world.start();
  world.drive();
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: the job of another run is refused") {
  World world;
  world.api.run_id = "4711";
  world.start();
  world.drive();
  CHECK(world.conclusion() == "failure");
  CHECK(std::count(world.api.events.begin(), world.api.events.end(), "job-started") == 0);
  CHECK(world.is_off());
}

TEST_CASE("model machine: without a job it powers off at the idle limit") {
  World world;
  REQUIRE(world.github.github.cancel_run(world.run));
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.api.events.back() == "failed");
  CHECK(world.github.clock.steady() - start > Seconds{900});
  CHECK(world.is_off());
}

TEST_CASE("model machine: a runner that GitHub has removed exits") {
  World world;
  REQUIRE(world.github.github.cancel_run(world.run));
  world.api.on_event = [&](const std::string& event) {
    if (event == "runner-started") {
      const RunnerId id = world.github.github.runners().front().id;
      world.github.send("DELETE", "/orgs/octo/actions/runners/" + std::to_string(id));
    }
  };
  world.start();
  world.drive();
  CHECK(world.api.events.back() == "runner-exited");
  CHECK(world.is_off());
}

TEST_CASE("model machine: without metadata it powers off, and nobody hears of it") {
  World world({.imds_url = "http://192.0.2.1/imds"});
  world.start();
  world.drive();
  CHECK(world.api.events.empty());
  CHECK(world.is_off());
}

TEST_CASE("model machine: once stopped it is silent, also in the middle of a step") {
  World world;
  world.api.on_event = [&](const std::string&) { world.machines.on_stopping({k_id}); };
  world.start();
  world.drive();
  CHECK(world.api.events == Names{"booted"});
  CHECK(world.power.ids.empty());
  CHECK(world.machines.count() == 0);
}

TEST_CASE("model machine: stopping one that is not there is nothing") {
  World world;
  world.machines.on_stopping({"i-00000000000000000"});
  CHECK(world.machines.count() == 0);
}

}  // namespace
}  // namespace mayfly
