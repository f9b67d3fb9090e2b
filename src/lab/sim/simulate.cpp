#include "lab/sim/simulate.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <thread>

#include "base/text.h"
#include "lab/sim/crash_points.h"
#include "lab/sim/seeds_file.h"
#include "lab/sim/sim_report.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/system_environment.h"
#include "os/threads.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::uint64_t k_runs = 20;
constexpr Millis k_redraw_every{250};
constexpr Seconds k_line_every{10};

// What is played, when the options have been understood.
struct Work {
  std::vector<SimPlan> plans;                // these
  std::optional<std::uint64_t> seeds;        // or so many seeds; none and no plans: without end
  std::vector<std::string> crash_scenarios;  // or the crash points of these
  std::string title;
};

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void list_scenarios() {
  for (const Scenario& scenario : scenarios()) {
    std::string name = scenario.name;
    name.resize(std::max<std::size_t>(name.size() + 2, 16), ' ');
    print(name + scenario.text + "\n");
  }
}

Status check_scenario(const std::string& name) {
  if (name == "all" || find_scenario(name)) return {};
  std::vector<std::string_view> known;
  for (const Scenario& scenario : scenarios()) known.push_back(scenario.name);
  const auto near = nearest(name, known);
  return fail(Code::bad_field, "there is no scenario \"" + printable(name, 40) + "\"" +
                                   (near ? "; did you mean " + std::string(*near) + "?" : "") +
                                   "\n  mayfly simulate --list shows them");
}

// Another than a number of seeds.
bool has_end(const SimulateOptions& options) {
  return options.years || options.minutes || options.requests || options.needs_situations;
}

Result<Work> work_of(const SimulateOptions& options) {
  TRY(check_scenario(options.scenario));
  Work work;
  work.title = "scenario " + options.scenario + ", from seed " + std::to_string(options.seed);
  if (!options.replay.empty()) {
    os::SystemEnvironment environment;
    TRY_ASSIGN(const std::string text, environment.read_file(options.replay));
    auto plans = parse_seeds(text);
    if (!plans) return fail_while(options.replay, std::move(plans).error());
    work.plans = std::move(*plans);
    work.title = "the seeds of " + options.replay;
  } else if (options.crash_points) {
    work.title = "crash points, " + work.title;
    for (const Scenario& scenario : scenarios())
      if (options.scenario == "all" || options.scenario == scenario.name)
        work.crash_scenarios.push_back(scenario.name);
  } else if (options.faults || options.trace) {
    SimPlan plan;
    plan.seed = options.seed;
    plan.scenario = options.scenario == "all" ? scenario_of_seed(plan.seed) : options.scenario;
    if (options.faults) {
      TRY_ASSIGN(plan.exactly, parse_faults(*options.faults));
    }
    if (options.trace) plan.on_line = [](const std::string& line) { print(line + "\n"); };
    work.title = "scenario " + plan.scenario + ", seed " + std::to_string(plan.seed);
    work.plans = {plan};
  } else {
    work.seeds = options.runs;
    if (!options.runs && !has_end(options)) work.seeds = k_runs;
  }
  return work;
}

CampaignOptions campaign_options(const SimulateOptions& options, int threads) {
  CampaignOptions result;
  result.threads = threads;
  result.repeats = !options.once && !options.crash_points;
  result.shrink_tries = options.shrink_tries;
  result.failures_max = options.failures_max;
  if (options.years) result.simulated = from_years(*options.years);
  result.requests = options.requests;
  result.until_situations =
      options.needs_situations && !options.runs && !options.years && !options.requests;
  if (options.minutes) result.real = Millis(static_cast<Millis::rep>(*options.minutes * 60'000));
  return result;
}

// For comparing what two builds of the program play.
void print_hash(const SimPlan& plan, const SimResult& result) {
  print(plan.scenario + " " + std::to_string(plan.seed) + " " + hash_text(result.hash) + "\n");
}

void play(const Work& work, const SimulateOptions& options, Campaign& campaign,
          std::vector<std::string>& notes) {
  Campaign::OnResult on_result;
  if (options.hashes) on_result = print_hash;
  if (!work.plans.empty() || !options.replay.empty()) {
    campaign.play(plans_of(work.plans), on_result);
  } else if (!work.crash_scenarios.empty()) {
    for (const std::string& scenario : work.crash_scenarios) {
      if (campaign.is_over()) return;
      const CrashOptions crash{scenario, options.seed, options.stride, options.pairs_max};
      notes.push_back(scenario + ": " + to_string(play_crash_points(campaign, crash)));
    }
  } else {
    std::optional<std::string> scenario;
    if (options.scenario != "all") scenario = options.scenario;
    campaign.play(seeds_from(options.seed, work.seeds, scenario), on_result);
  }
}

// One line, rewritten, on a terminal; else a line now and then. True: a signal has stopped it.
bool show_progress(Campaign& campaign, os::StopSignal& stop, const std::atomic<bool>& is_done) {
  const bool is_terminal = isatty(2) == 1;
  Millis shown{0};
  bool is_stopped = false;
  while (!is_done) {
    if (stop.wait_for(Millis{20})) {
      campaign.stop();
      is_stopped = true;
    }
    const Millis now = campaign.elapsed();
    if (now - shown < (is_terminal ? k_redraw_every : Millis{k_line_every})) continue;
    shown = now;
    const std::string line = progress_line(campaign.totals(), now);
    std::fprintf(stderr, is_terminal ? "\r\x1b[K%s" : "%s\n", line.c_str());
  }
  if (is_terminal && shown > Millis{0}) std::fputs("\r\x1b[K", stderr);
  return is_stopped;
}

int play_and_report(const Work& work, const SimulateOptions& options) {
  os::StopSignal stop;
  os::SystemClock clock;
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const int threads =
      options.trace ? 1 : (options.jobs > 0 ? options.jobs : static_cast<int>(processors));
  Campaign campaign(campaign_options(options, threads), simulate, clock);
  if (options.verbose)
    campaign.on_begin([](const SimPlan& plan) {
      std::fprintf(stderr, "begins: %s\n", command_for(plan).c_str());
    });
  ReportOptions shown;
  shown.title = work.title;
  shown.threads = threads;
  shown.needs_situations = options.needs_situations;
  std::atomic<bool> is_done = false;
  os::NamedThread player("simulate-0", [&] {
    play(work, options, campaign, shown.notes);
    is_done = true;
  });
  const bool is_stopped = show_progress(campaign, stop, is_done);
  player.join();
  shown.elapsed = campaign.elapsed();
  const Totals totals = campaign.totals();
  if (is_stopped) shown.notes.emplace_back("Stopped by a signal before its end.");
  const bool is_alright = is_good(totals, shown);
  if (options.json)
    print(json::serialize(report_json(totals, shown)) + "\n");
  else if (!options.hashes || !is_alright)
    print(report(totals, shown));
  if (totals.failed > 0) return 1;
  if (totals.runs == 0 || is_stopped) return 2;
  return is_alright ? 0 : 1;
}

}  // namespace

int run_simulate(const SimulateOptions& options) {
  if (options.list) {
    list_scenarios();
    return 0;
  }
  const auto work = work_of(options);
  if (!work) {
    std::fprintf(stderr, "mayfly: %s\n", work.error().message.c_str());
    return 2;
  }
  return play_and_report(*work, options);
}

}  // namespace mayfly::lab::sim
