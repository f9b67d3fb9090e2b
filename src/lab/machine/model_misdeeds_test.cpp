#include <doctest/doctest.h>

#include <set>

#include "lab/machine/testing_model.h"

namespace mayfly {
namespace {

using namespace lab;

using Names = std::vector<std::string>;

struct Misdeed {
  ModelCounts counts;
  std::vector<ClaimAttempt> attempts;

  ModelOptions options(Behaviour behaviour) {
    ModelOptions made;
    made.behaviour = [behaviour](const Machine&) { return behaviour; };
    made.counts = &counts;
    made.on_claim = [this](const ClaimAttempt& attempt) { attempts.push_back(attempt); };
    return made;
  }
};

// A deadline so long from now, by the world's calendar.
void expire_in(ModelWorld& world, Millis d) {
  world.metadata.expires_at = std::to_string(epoch_seconds(world.github.clock.wall() + d));
}

TEST_CASE("model machine: a job of hours succeeds, because its runner is heard of meanwhile") {
  Misdeed misdeed;
  ModelOptions options = misdeed.options(Behaviour::honest);
  options.job = std::chrono::hours{5};
  ModelWorld world(options);
  world.start();
  world.drive();
  CHECK(world.conclusion() == "success");
  CHECK(misdeed.counts.heartbeats == 5 * 3600 / 20 - 1);
  CHECK(world.is_off());
}

TEST_CASE("model machine: a runner whose run is cancelled exits within one heartbeat") {
  ModelOptions options;
  options.job = std::chrono::hours{5};
  ModelWorld world(options);
  world.api.on_event = [&](const std::string& event) {
    if (event == "job-started") CHECK(world.github.github.cancel_run(world.run));
  };
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.is_off());
  CHECK(world.api.events.back() == "runner-exited");
  CHECK(world.github.clock.steady() - start <= options.boot + options.install + options.heartbeat);
}

TEST_CASE("model machine: it switches itself off in the last minute before its deadline") {
  Misdeed misdeed;
  ModelOptions options = misdeed.options(Behaviour::honest);
  options.job = std::chrono::hours{5};
  ModelWorld world(options);
  expire_in(world, Seconds{1000});
  const SteadyTime deadline = world.github.clock.steady() + Seconds{1000};
  world.start();
  world.drive();
  CHECK(world.is_off());
  CHECK(world.github.clock.steady() <= deadline);
  CHECK(world.github.clock.steady() > deadline - Seconds{60});
  CHECK(world.api.events.back() == "failed");
  CHECK(misdeed.counts.timers_fired == 1);
}

TEST_CASE("model machine: past its deadline it has one minute, and twelve hours at most") {
  for (const auto& [left, lives] : std::vector<std::pair<Millis, Millis>>{
           {Seconds{-500}, Seconds{60}}, {std::chrono::hours{20}, std::chrono::hours{12}}}) {
    ModelOptions options;
    options.job = std::chrono::hours{18};
    ModelWorld world(options);
    expire_in(world, left);
    const SteadyTime start = world.github.clock.steady();
    world.start();
    world.drive();
    CHECK(world.is_off());
    CHECK(world.github.clock.steady() - start == options.boot + lives);
  }
}

TEST_CASE("model machine: without a timer it outlives its deadline") {
  ModelOptions options;
  options.job = Seconds{3600};
  options.arms_timer = false;
  ModelWorld world(options);
  expire_in(world, Seconds{600});
  world.start();
  world.drive();
  CHECK(world.conclusion() == "success");
}

TEST_CASE("model machine: root cancels the timer, and the machine outlives its job for ever") {
  Misdeed misdeed;
  ModelWorld world(misdeed.options(Behaviour::never_exits));
  expire_in(world, Seconds{600});
  world.start();
  world.drive();
  CHECK(world.conclusion() == "success");
  CHECK(world.power.ids.empty());
  CHECK(world.machines.count() == 1);
  CHECK(world.api.events.back() == "job-completed");
  CHECK(misdeed.counts.timers_fired == 0);
}

TEST_CASE("model machine: a replayed claim comes with the same key and another, three times") {
  Misdeed misdeed;
  ModelWorld world(misdeed.options(Behaviour::replays_claim));
  world.start();
  world.drive();
  REQUIRE(world.api.keys.size() == 7);
  const std::string& own = world.api.keys[0];
  for (const std::size_t same : {1U, 3U, 5U}) CHECK(world.api.keys[same] == own);
  CHECK(std::set<std::string>(world.api.keys.begin(), world.api.keys.end()).size() == 4);
  CHECK(misdeed.counts.claims_repeated == 6);
  CHECK(misdeed.counts.hostile_accepted == 6);
  CHECK(world.is_off());
}

TEST_CASE("model machine: each claim is told of with what was asked and what came of it") {
  Misdeed misdeed;
  ModelWorld world(misdeed.options(Behaviour::replays_claim));
  world.api.answers = {{503, {}, ""}};
  world.start();
  world.drive();
  REQUIRE(misdeed.attempts.size() == 8);
  CHECK(misdeed.attempts[0].status == 503);
  CHECK(misdeed.attempts[0].runner_name.empty());
  const ClaimAttempt& good = misdeed.attempts[1];
  CHECK(good.status == 200);
  CHECK(good.by.text == k_model_id);
  CHECK(good.lease == k_model_lease);
  CHECK(good.own_lease == k_model_lease);
  CHECK(good.instance == k_model_id);
  CHECK(good.key == world.api.keys[0]);
  CHECK(good.nonce == "ab12");
  CHECK(good.runner_name == "r1");
  CHECK(good.body_sha256.size() == 64);
  CHECK(good.body_sha256 != misdeed.attempts[2].body_sha256);
}

TEST_CASE("model machine: one that claims for another tries each mixture with its own nonce") {
  Misdeed misdeed;
  ModelOptions options = misdeed.options(Behaviour::claims_for_another);
  const std::string own = std::string(k_model_lease) + " " + k_model_id;
  options.others = [] {
    return std::vector<std::pair<std::string, std::string>>{{"l-other", "i-other"}};
  };
  ModelWorld world(options);
  world.start();
  world.drive();
  CHECK(world.api.claims == Names{std::string("l-other ") + k_model_id, "l-other i-other",
                                  std::string(k_model_lease) + " i-other", own});
  CHECK(misdeed.counts.claims_for_others == 3);
  CHECK(misdeed.counts.hostile_accepted == 3);
  CHECK(misdeed.counts.claims == 4);
}

TEST_CASE("model machine: a flood has good events and bad ones, and the job goes on") {
  Misdeed misdeed;
  ModelWorld world(misdeed.options(Behaviour::floods_events));
  world.start();
  world.drive();
  CHECK(misdeed.counts.events_flooded == 210);
  CHECK(world.api.refused == static_cast<int>(misdeed.counts.events_refused));
  // Half of the kinds: cut off, no text, wrong nonce.
  CHECK(misdeed.counts.events_refused == 3 * 34);
  CHECK(world.conclusion() == "success");
  CHECK(world.is_off());
}

TEST_CASE("model machine: a mute one claims, and GitHub never hears of it") {
  Misdeed misdeed;
  ModelWorld world(misdeed.options(Behaviour::mute_after_claim));
  expire_in(world, Seconds{600});
  world.start();
  world.drive();
  CHECK(world.github.github.job_of_runner("r1") == std::nullopt);
  CHECK(!world.github.github.find_runner_by_name("r1")->last_poll);
  CHECK(world.api.events.back() == "runner-started");
  CHECK(misdeed.counts.timers_fired == 1);
  CHECK(world.is_off());
}

TEST_CASE("model machine: one that crashes is off half through its job and says nothing") {
  Misdeed misdeed;
  ModelOptions options = misdeed.options(Behaviour::crashes_in_job);
  options.job = Seconds{100};
  ModelWorld world(options);
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.is_off());
  CHECK(world.api.events.back() == "job-started");
  CHECK(world.github.job(world.run, "test").state == JobState::in_progress);
  CHECK(world.github.clock.steady() - start == options.boot + options.install + Seconds{50});
}

TEST_CASE("model machine: one that hangs falls silent, listening or in its job, and stays up") {
  std::set<JobState> seen;
  for (int n = 0; n < 8; ++n) {
    Misdeed misdeed;
    ModelOptions options = misdeed.options(Behaviour::hangs);
    options.arms_timer = false;
    ModelWorld world(options);
    (void)world.github.entropy.hex(static_cast<std::size_t>(n));
    world.start();
    world.drive();
    CHECK(!world.machines.next_step());
    CHECK(world.power.ids.empty());
    CHECK(world.github.github.find_runner_by_name("r1")->last_poll.has_value());
    seen.insert(world.github.job(world.run, "test").state);
    world.github.clock.advance(Seconds{700});
    CHECK(world.conclusion() != "success");
  }
  CHECK(seen == std::set<JobState>{JobState::queued, JobState::in_progress});
}

TEST_CASE("model machine: a wrong clock is waited for, sixty seconds at most") {
  int given_up = 0;
  int set_right = 0;
  for (int n = 0; n < 16; ++n) {
    Misdeed misdeed;
    ModelWorld world(misdeed.options(Behaviour::clock_off));
    expire_in(world, std::chrono::hours{6});
    (void)world.github.entropy.hex(static_cast<std::size_t>(n));
    world.start();
    world.drive();
    CHECK(world.is_off());
    CHECK(world.api.dates_asked >= 1);
    CHECK(world.api.dates_asked <= 30);
    const bool has_worked = world.conclusion() == "success";
    if (has_worked) CHECK(world.api.events.front() == "booted");
    if (!has_worked) CHECK(world.api.events == Names{"failed"});
    ++(has_worked ? set_right : given_up);
  }
  CHECK(given_up > 0);
  CHECK(set_right > 0);
}

TEST_CASE("model machine: where the clock is checked, a service without an answer ends the boot") {
  ModelOptions options;
  options.checks_clock = true;
  ModelWorld lucky(options);
  lucky.start();
  lucky.drive();
  CHECK(lucky.api.dates_asked == 1);
  CHECK(lucky.conclusion() == "success");

  ModelWorld world(options);
  world.metadata.api = "https://nowhere.test";
  const SteadyTime start = world.github.clock.steady();
  world.start();
  world.drive();
  CHECK(world.is_off());
  CHECK(world.github.clock.steady() - start == options.boot + 29 * options.retry);
}

TEST_CASE("model machine: every behaviour has a name of its own") {
  std::set<std::string_view> names;
  for (int n = 0; n <= static_cast<int>(Behaviour::clock_off); ++n)
    names.insert(to_string(static_cast<Behaviour>(n)));
  CHECK(names.size() == 11);
  CHECK(!names.contains(""));
}

}  // namespace
}  // namespace mayfly
