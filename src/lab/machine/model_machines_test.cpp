#include "lab/machine/model_machines.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lab/machine/testing_model.h"

namespace mayfly {
namespace {

using namespace lab;

using Names = std::vector<std::string>;

TEST_CASE("model machine: an honest one takes its job, tells of each step, and powers off") {
  ModelWorld world;
  world.start();
  world.drive();
  CHECK(world.conclusion() == "success");
  CHECK(world.api.events == Names{"booted", "runner-downloading", "runner-ready", "claiming",
                                  "runner-started", "job-started", "job-completed",
                                  "runner-exited"});
  CHECK(world.is_off());
}

TEST_CASE("model machine: boot, download and job take the time they are given") {
  ModelWorld world({.boot = Seconds{20}, .install = Seconds{10}, .job = Seconds{30}});
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.github.clock.steady() - start == Seconds{60});
}

TEST_CASE("model machine: a slow one is honest, ten times later") {
  ModelWorld world(
      {.boot = Seconds{20}, .behaviour = [](const Machine&) { return Behaviour::slow_boot; }});
  world.start();
  CHECK(*world.machines.next_step() - world.github.clock.steady() == Seconds{200});
  world.drive();
  CHECK(world.conclusion() == "success");
}

TEST_CASE("model machine: a dead one never says a word and stays on") {
  ModelWorld world({.behaviour = [](const Machine&) { return Behaviour::dead; }});
  world.start();
  world.github.clock.advance(Seconds{3600});
  world.machines.step();
  CHECK(!world.machines.next_step());
  CHECK(world.metadata.calls == 0);
  CHECK(world.machines.count() == 1);
}

TEST_CASE("model machine: a claim that must wait is repeated with the same key") {
  ModelWorld world;
  world.api.answers = {{503, {{"Retry-After", "7"}}, ""}, {503, {}, ""}};
  world.start();
  world.drive();
  REQUIRE(world.api.keys.size() == 3);
  CHECK(world.api.keys[0] == world.api.keys[2]);
  CHECK(world.api.keys[0].size() == 32);
  CHECK(world.conclusion() == "success");
}

TEST_CASE("model machine: a claim without an answer is given up after two minutes") {
  ModelWorld world;
  world.api.answers = std::vector<HttpResponse>(100, {503, {{"Retry-After", "10"}}, ""});
  world.start();
  world.drive();
  CHECK(world.api.keys.size() == 13);
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: a refused claim is final") {
  ModelWorld world;
  world.api.answers = {{403, {}, ""}};
  world.start();
  world.drive();
  CHECK(world.api.keys.size() == 1);
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: a claim that cannot be understood is final") {
  ModelWorld world;
  world.api.answers = {{200, {}, "repository octo/repo\nrun_id 17\njit_config AAAA\n"}};
  world.start();
  world.drive();
  CHECK(world.api.events.back() == "failed");
  CHECK(world.is_off());
}

TEST_CASE("model machine: the job of another run is refused") {
  ModelWorld world;
  world.api.run_id = "4711";
  world.start();
  world.drive();
  CHECK(world.conclusion() == "failure");
  CHECK(std::count(world.api.events.begin(), world.api.events.end(), "job-started") == 0);
  CHECK(world.is_off());
}

TEST_CASE("model machine: without a job it powers off at the idle limit") {
  ModelWorld world;
  REQUIRE(world.github.github.cancel_run(world.run));
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.api.events.back() == "failed");
  CHECK(world.github.clock.steady() - start > Seconds{900});
  CHECK(world.is_off());
}

TEST_CASE("model machine: a runner that GitHub has removed exits") {
  ModelWorld world;
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
  ModelWorld world({.imds_url = "http://192.0.2.1/imds"});
  world.start();
  world.drive();
  CHECK(world.api.events.empty());
  CHECK(world.is_off());
}

TEST_CASE("model machine: once stopped it is silent, also in the middle of a step") {
  ModelWorld world;
  world.api.on_event = [&](const std::string&) { world.machines.on_stopping({k_model_id}); };
  world.start();
  world.drive();
  CHECK(world.api.events == Names{"booted"});
  CHECK(world.power.ids.empty());
  CHECK(world.machines.count() == 0);
}

TEST_CASE("model machine: stopping one that is not there is nothing") {
  ModelWorld world;
  world.machines.on_stopping({"i-00000000000000000"});
  CHECK(world.machines.count() == 0);
}

}  // namespace
}  // namespace mayfly
