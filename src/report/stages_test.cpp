#include "report/stages.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::At;
using testing::good_life;
using testing::timeline;

// "verify 0-1000 launch 1000-4000 ...", with a '?' behind a stage that is not exact.
std::string told(const Journey& journey) {
  std::string out;
  for (const StageTime& stage : journey.stages)
    out += (out.empty() ? "" : " ") + std::string(to_string(stage.stage)) + " " +
           std::to_string(stage.from / Seconds{1}) + "-" + std::to_string(stage.to / Seconds{1}) +
           (stage.is_exact ? "" : "?");
  return out;
}

std::vector<At> without(std::vector<At> stamps, const std::string& name) {
  std::erase_if(stamps, [&](const At& stamp) { return stamp.name == name; });
  return stamps;
}

std::vector<At> with(std::vector<At> stamps, At more) {
  stamps.push_back(std::move(more));
  return stamps;
}

const char* const k_good =
    "verify 0-1 launch 1-4 boot 4-24 runner 24-40 claim 40-43 online 43-60 job 60-61";

TEST_CASE("stages: a life without trouble splits into seven, without gaps") {
  const Journey journey = journey_of(timeline(good_life()));
  CHECK(told(journey) == k_good);
  CHECK(journey.asked == testing::k_noon);
  CHECK(journey.runner == Seconds{60});
  CHECK(journey.job == Seconds{61});
  CHECK(journey.launches == 1);
  CHECK(journey.image == "ami-0a");
  CHECK(journey.workflow == ".github/workflows/ci.yml");
}

TEST_CASE("stages: the order in which stamps are read does not matter") {
  auto events = timeline(good_life());
  std::reverse(events.begin(), events.end());
  CHECK(told(journey_of(events)) == k_good);
}

TEST_CASE("stages: of a repeated stamp the first counts") {
  auto stamps = good_life();
  for (const char* name : {"machine-booted", "machine-runner-ready", "online", "busy"})
    stamps = with(stamps, {150, name});
  CHECK(told(journey_of(timeline(stamps))) == k_good);
}

TEST_CASE("stages: what lacks a stamp is within the next stage, which is then not exact") {
  const auto at = [](const std::string& missing) {
    return told(journey_of(timeline(without(good_life(), missing))));
  };
  CHECK(at("machine-booted") ==
        "verify 0-1 launch 1-4 runner 4-40? claim 40-43 online 43-60 job 60-61");
  CHECK(at("verified") == "launch 0-4? boot 4-24 runner 24-40 claim 40-43 online 43-60 job 60-61");
  CHECK(at("asked") ==
        "verify 0-0? launch 0-3 boot 3-23 runner 23-39 claim 39-42 online 42-59 "
        "job 59-60");
}

TEST_CASE("stages: a runner whose online no sweep saw came online when its job began") {
  const Journey journey = journey_of(timeline(without(good_life(), "online")));
  CHECK(journey.runner == Seconds{61});
  CHECK(told(journey).ends_with("online 43-61 job 61-61"));
}

TEST_CASE("stages: the machine's word counts only where the service's own stamps allow it") {
  // It says that it booted after it had claimed, and that its job began before.
  auto stamps = with(without(good_life(), "machine-booted"), {44, "machine-booted"});
  stamps = with(stamps, {5, "machine-job-started"});
  CHECK(told(journey_of(timeline(stamps))) ==
        "verify 0-1 launch 1-4 runner 4-40? claim 40-43 online 43-60 job 60-61");
}

TEST_CASE("stages: stamps in the wrong order, as of two clocks, make a stage of no time") {
  auto stamps = with(without(good_life(), "booting"), {30, "adopted", "i-0a"});
  CHECK(told(journey_of(timeline(stamps))) ==
        "verify 0-1 launch 1-30 boot 30-30 runner 30-40 claim 40-43 online 43-60 job 60-61");
}

TEST_CASE("stages: launches that gave no runner are one stage before the one that did") {
  const std::vector<At> stamps = {{0, "asked"},
                                  {1, "verified", "run 42"},
                                  {1, "launching"},
                                  {2, "no-capacity"},
                                  {22, "booting", "i-0a c7i.large us-east-1a spot ami-0a"},
                                  {40, "machine-booted"},
                                  {50, "launching", "gone"},
                                  {55, "booting", "i-0b x y spot ami-0b"},
                                  {70, "machine-booted"},
                                  {75, "machine-runner-ready"},
                                  {80, "claimed"},
                                  {90, "online"}};
  const Journey journey = journey_of(timeline(stamps));
  CHECK(told(journey) ==
        "verify 0-1 relaunch 1-50 launch 50-55 boot 55-70 runner 70-75 claim 75-80 online 80-90");
  CHECK(journey.launches == 2);
  CHECK(journey.image == "ami-0b");
  CHECK(journey.workflow.empty());
  CHECK(journey.runner == Seconds{90});
  CHECK_FALSE(journey.job);
}

TEST_CASE("stages: a runner that was lost before its job keeps its first time") {
  auto stamps = without(without(good_life(), "busy"), "machine-job-started");
  stamps = with(stamps, {300, "launching", "GitHub took the idle runner off its list"});
  stamps = with(stamps, {305, "booting", "i-0b x y spot ami-0b"});
  const Journey journey = journey_of(timeline(stamps));
  CHECK(journey.runner == Seconds{60});
  CHECK(journey.image == "ami-0a");
  CHECK(journey.launches == 2);
}

TEST_CASE("stages: of a lease that never got a runner, what there was") {
  CHECK(told(journey_of(timeline({{0, "asked"}, {1, "verified"}, {1, "launching"}}))) ==
        "verify 0-1");
  CHECK(told(journey_of(timeline(
            {{0, "asked"}, {1, "verified"}, {1, "launching"}, {9, "ending"}, {9, "gone"}}))) ==
        "verify 0-1");
  CHECK(journey_of({}).stages.empty());
  CHECK(journey_of(timeline({{3, "claim-refused", "wrong nonce"}})).stages.empty());
}

TEST_CASE("stages: whatever the stamps are, stages have no gap and never run backwards") {
  const std::vector<std::string> names = {
      "asked",   "verified", "launching",           "booting",      "machine-booted",
      "adopted", "claimed",  "machine-job-started", "online",       "machine-runner-ready",
      "busy",    "gone",     "no-capacity",         "event-refused"};
  unsigned state = 1;
  const auto draw = [&](unsigned below) {
    state = state * 1664525U + 1013904223U;
    return (state >> 16U) % below;
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<At> stamps;
    for (unsigned i = draw(14); i > 0; --i)
      stamps.push_back({static_cast<int>(draw(50)), names[draw(14)]});
    const Journey journey = journey_of(timeline(stamps));
    Millis last{0};
    for (const StageTime& stage : journey.stages) {
      CHECK(stage.from == last);
      CHECK(stage.to >= stage.from);
      last = stage.to;
    }
    if (journey.runner && journey.job) CHECK(*journey.runner <= *journey.job);
  }
}

TEST_CASE("stages: what is under way follows what has ended") {
  const auto under_way = [](int until, LeaseState state) {
    auto stamps = good_life();
    std::erase_if(stamps, [&](const At& stamp) { return stamp.seconds > until; });
    return stage_under_way(journey_of(timeline(stamps)), state);
  };
  CHECK(under_way(1, LeaseState::launching) == Stage::launch);
  CHECK(under_way(4, LeaseState::booting) == Stage::boot);
  CHECK(under_way(25, LeaseState::booting) == Stage::runner);
  CHECK(under_way(41, LeaseState::booting) == Stage::claim);
  CHECK(under_way(43, LeaseState::claimed) == Stage::online);
  CHECK(under_way(60, LeaseState::online) == Stage::job);
  CHECK_FALSE(under_way(62, LeaseState::busy));
}

}  // namespace
}  // namespace mayfly::report
