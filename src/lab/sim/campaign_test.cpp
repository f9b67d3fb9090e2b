#include "lab/sim/campaign.h"

#include <doctest/doctest.h>

#include <atomic>
#include <set>

#include "lab/sim/crash_points.h"
#include "lab/sim/seeds_file.h"
#include "lab/sim/sim_report.h"

namespace mayfly::lab::sim {
namespace {

// A simulation without a world: all of it follows from the seed. Seeds that end in 3 fail.
SimResult fake(const SimPlan& plan) {
  SimResult result;
  result.hash = plan.seed * 31;
  result.simulated = from_years(0.25);
  result.leases = plan.seed;
  result.checks = 2;
  if (plan.seed % 10 == 3)
    result.violations.push_back({"no seed ends in 3", "seed " + std::to_string(plan.seed), {}});
  return result;
}

CampaignOptions with_threads(int threads) {
  CampaignOptions options;
  options.threads = threads;
  return options;
}

std::string report_without_times(const Totals& totals) {
  return json::serialize(report_json(totals, {}));
}

TEST_CASE("a campaign's results are the same on one thread and on eight") {
  std::set<std::string> reports;
  for (const int threads : {1, 8}) {
    VirtualClock clock;
    Campaign campaign(with_threads(threads), fake, clock);
    campaign.play(seeds_from(1, 200, "mixed"));
    CHECK(campaign.totals().failed == 5);
    CHECK(campaign.totals().failures.back().seed == 43);
    reports.insert(report_without_times(campaign.totals()));
  }
  CHECK(reports.size() == 1);
}

TEST_CASE("years end a campaign at the same seed however many threads play") {
  for (const int threads : {1, 3, 8}) {
    VirtualClock clock;
    CampaignOptions options = with_threads(threads);
    options.simulated = from_years(3);
    options.failures_max = 1000;
    Campaign campaign(options, fake, clock);
    campaign.play(seeds_from(1, std::nullopt, "mixed"));
    CHECK(campaign.totals().runs == 12);
    CHECK(campaign.totals().leases == 78);
  }
}

TEST_CASE("a history that differs when repeated is a failure, and says where they part") {
  VirtualClock clock;
  int played = 0;
  const Simulate unsteady = [&](const SimPlan& plan) {
    SimResult result;
    result.hash = static_cast<std::uint64_t>(++played);
    if (plan.on_line) plan.on_line("first");
    if (plan.on_line) plan.on_line("play " + std::to_string(played));
    return result;
  };
  Campaign campaign(with_threads(1), unsteady, clock);
  campaign.play(seeds_from(5, 1, "mixed"));
  const Totals totals = campaign.totals();
  REQUIRE(totals.failures.size() == 1);
  CHECK(totals.failures[0].law == k_differs);
  CHECK(totals.failures[0].what.find("line 2 is another: play 4") != std::string::npos);
  CHECK_FALSE(is_good(totals, {}));
}

TEST_CASE("each seed that holds is played twice, and not without repetition") {
  for (const bool repeats : {true, false}) {
    VirtualClock clock;
    int played = 0;
    CampaignOptions options;
    options.repeats = repeats;
    const Simulate counting = [&](const SimPlan&) {
      ++played;
      return SimResult{};
    };
    Campaign campaign(options, counting, clock);
    campaign.play(seeds_from(1, 10, "mixed"));
    CHECK(played == (repeats ? 20 : 10));
    CHECK(campaign.totals().repeated == (repeats ? 10U : 0U));
    CHECK(campaign.totals().runs == 10);
  }
}

TEST_CASE("real time ends a campaign, and what was played by then counts") {
  VirtualClock clock;
  CampaignOptions options;
  options.real = Millis{60'000};
  const Simulate slow = [&](const SimPlan&) {
    clock.pass(Millis{7'000});
    return SimResult{};
  };
  Campaign campaign(options, slow, clock);
  campaign.play(seeds_from(1, std::nullopt, "mixed"));
  CHECK(campaign.totals().runs == 5);
  CHECK(campaign.totals().busy == Millis{70'000});
  CHECK(campaign.is_over());
}

TEST_CASE("who stops a campaign loses what had found nothing yet, and keeps the rest") {
  for (const bool is_broken_by_then : {false, true}) {
    VirtualClock clock;
    Campaign* playing = nullptr;
    int played = 0;
    const Simulate stopping = [&](const SimPlan& plan) {
      SimResult result = fake({"mixed", 1});
      ++played;
      if (plan.seed != 4) return result;
      playing->stop();
      result.is_cut = *plan.stop;
      if (is_broken_by_then) result.violations.push_back({"a law", "broken before", {}});
      return result;
    };
    Campaign campaign(with_threads(1), stopping, clock);
    playing = &campaign;
    campaign.play(seeds_from(1, 100, "mixed"));
    CHECK(campaign.totals().runs == (is_broken_by_then ? 4U : 3U));
    CHECK(campaign.totals().failed == (is_broken_by_then ? 1U : 0U));
    CHECK(played == 7);  // three of them twice, and nothing after the stop: no shrinking either
  }
}

TEST_CASE("requests end a campaign, and so do all situations") {
  const Simulate asked = [](const SimPlan& plan) {
    SimResult result = fake({"mixed", 1});
    result.counts.requests = 100;
    for (std::size_t i = 0; i < k_situations; ++i)
      if (i % 10 == plan.seed % 10) result.situations.reached(static_cast<Situation>(i));
    return result;
  };
  VirtualClock clock;
  CampaignOptions options;
  options.requests = 1000;
  Campaign requests(options, asked, clock);
  requests.play(seeds_from(1, 100, "mixed"));
  CHECK(requests.totals().runs == 10);
  options.requests.reset();
  options.until_situations = true;
  Campaign situations(options, asked, clock);
  situations.play(seeds_from(1, 100, "mixed"));
  CHECK(situations.totals().runs == 10);
  CHECK(situations.is_over());
}

TEST_CASE("a seed plays the same scenario wherever the campaign begins") {
  auto from_1 = seeds_from(1, 80, std::nullopt);
  std::map<std::uint64_t, std::string> played;
  std::set<std::string> names;
  while (const auto plan = from_1()) {
    played[plan->seed] = plan->scenario;
    names.insert(plan->scenario);
  }
  CHECK(played.size() == 80);
  CHECK(names.size() == scenarios().size());
  CHECK(seeds_from(31, 1, std::nullopt)()->scenario == played[31]);
}

// A process that lives through ten boundaries; killed at one, it is followed by one that lives
// through the rest and three of recovery. Dies wrongly when killed at 4 and then at 2.
SimResult fake_lives(const SimPlan& plan) {
  SimResult result;
  result.boundaries = 10;
  result.boundaries_by_life = {{1, 10}};
  const std::vector<Injection>& faults = *plan.exactly;
  if (!faults.empty() && faults[0].point == "io")
    result.boundaries_by_life = {{1, faults[0].ordinal}, {2, 13 - faults[0].ordinal}};
  if (to_string(faults) == "io#4=kill;life-2#2=kill") result.violations.push_back({"law", "", {}});
  return result;
}

TEST_CASE("every crash point is played once, in every life and during recovery") {
  VirtualClock clock;
  CampaignOptions options;
  options.repeats = false;
  Campaign campaign(options, fake_lives, clock);
  const CrashCounts counts = play_crash_points(campaign, {"mixed", 1, 1, 1000});
  CHECK(to_string(counts) ==
        "killed once at 10 of 10 points, in every life at 10 of 10, again during recovery at 75 of "
        "75 pairs");
  CHECK(campaign.totals().runs == 96);
  REQUIRE(campaign.totals().failures.size() == 1);
  CHECK(campaign.totals().failures[0].command ==
        "mayfly simulate --scenario mixed --seed 1 --faults 'io#4=kill;life-2#2=kill'");
}

TEST_CASE("thinned out pairs of crash points still name every first and every second death") {
  std::map<int, int> second_max;
  for (int n = 1; n <= 60; ++n) second_max[n] = 100 - n;
  const auto pairs = thin_out(second_max, 200);
  std::set<int> firsts, seconds;
  for (const CrashPair& pair : pairs) {
    firsts.insert(pair.first);
    seconds.insert(pair.second);
    CHECK(pair.second <= second_max[pair.first]);
  }
  CHECK(pairs.size() < 250);
  CHECK(firsts.size() == 60);
  CHECK(seconds.size() == 99);
  CHECK(thin_out(second_max, 100'000).size() == 4170);
  CHECK(thin_out({{1, 1700}, {250, 1500}}, 20).size() <= 20);
}

TEST_CASE("a file of seeds says what is played, or which line is wrong") {
  const auto plans = parse_seeds(
      "# comment\n\nmixed | 7 | - | a seed\nmixed | 8 | none | no faults\n"
      "mixed | 9 | GET /orgs/o/actions/runners#2=delay:2500; | a list\n");
  REQUIRE(plans.has_value());
  REQUIRE(plans->size() == 3);
  CHECK_FALSE((*plans)[0].exactly.has_value());
  CHECK((*plans)[1].exactly->empty());
  CHECK((*plans)[2].exactly->front().amount == Millis{2500});
  for (const char* line : {"mixed | 7 | -", "nowhere | 7 | - | x", "mixed | x | - | x",
                           "mixed | 7 |  | x", "mixed | 7 | what | x", "mixed | 7 | - | "}) {
    CAPTURE(line);
    const auto refused = parse_seeds(std::string("\n") + line);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("line 2") == 0);
  }
}

TEST_CASE("a report names the broken promise, its command and the faults that matter") {
  Totals totals;
  totals.runs = totals.failed = 1;
  Failure failure;
  failure.law = "no instance outlives its deadline";
  failure.command = "mayfly simulate --scenario mixed --seed 3 --runs 1";
  failure.shrunk = {{"CreateFleet", 3, FaultKind::lose_reply, Millis{0}}};
  failure.shrunk_command = "mayfly simulate --scenario mixed --seed 3 --faults '...'";
  totals.failures = {failure};
  const std::string text = report(totals, {});
  for (const std::string& part :
       {failure.law, failure.command, failure.shrunk_command, std::string("with 1 fault (")})
    CHECK(text.find(part) != std::string::npos);
  CHECK(text.find("Every promise held") == std::string::npos);
}

TEST_CASE("a missing situation is a failure only where situations are needed") {
  Totals totals;
  totals.runs = 1;
  CHECK(is_good(totals, {}));
  ReportOptions options;
  options.needs_situations = true;
  CHECK_FALSE(is_good(totals, options));
  CHECK_FALSE(is_good(Totals{}, {}));
}

}  // namespace
}  // namespace mayfly::lab::sim
