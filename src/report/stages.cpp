#include "report/stages.h"

#include <algorithm>
#include <span>

namespace mayfly::report {
namespace {

using Stamps = std::vector<LeaseEvent>;
using Moment = std::optional<WallTime>;

struct StageWords {
  Stage stage;
  std::string_view name;
  std::string_view words;
};

constexpr std::array<StageWords, 8> k_words = {{
    {Stage::verify, "verify", "GitHub is asked about the run"},
    {Stage::relaunch, "relaunch", "machines that gave no runner"},
    {Stage::launch, "launch", "EC2 starts a machine"},
    {Stage::boot, "boot", "the machine boots"},
    {Stage::runner, "runner", "the runner's program is found or downloaded"},
    {Stage::claim, "claim", "the machine claims its configuration"},
    {Stage::online, "online", "the runner registers with GitHub"},
    {Stage::job, "job", "GitHub gives it a job"},
}};

const StageWords& words_of(Stage stage) { return k_words[static_cast<std::size_t>(stage)]; }

// What ends a stage, and whether the machine alone says so.
struct StageEnd {
  Stage stage;
  bool is_machines_word;
  std::array<std::string_view, 3> stamps;
};

constexpr std::array<StageEnd, 6> k_ends_of_launch = {{
    {Stage::launch, false, {"booting", "adopted", "adopted"}},
    {Stage::boot, true, {"machine-booted", "machine-booted", "machine-booted"}},
    {Stage::runner, true, {"machine-runner-ready", "machine-runner-ready", "machine-claiming"}},
    {Stage::claim, false, {"claimed", "claimed", "claimed"}},
    {Stage::online, false, {"online", "busy", "machine-job-started"}},
    {Stage::job, false, {"machine-job-started", "busy", "busy"}},
}};
constexpr std::size_t k_launch = 0;
constexpr std::size_t k_claim = 3;
constexpr std::size_t k_online = 4;

template <std::size_t N>
const LeaseEvent* first_of(std::span<const LeaseEvent> stamps,
                           const std::array<std::string_view, N>& names) {
  for (const LeaseEvent& stamp : stamps)
    if (std::find(names.begin(), names.end(), stamp.name) != names.end()) return &stamp;
  return nullptr;
}

Moment when(const LeaseEvent* stamp) { return stamp == nullptr ? Moment{} : stamp->at; }

// One launch: its stamps, and when each stage of it ended.
struct LaunchTimes {
  std::span<const LeaseEvent> stamps;
  std::array<Moment, k_ends_of_launch.size()> ends;

  [[nodiscard]] bool gave_runner() const { return ends[k_claim] && ends[k_online]; }
};

LaunchTimes times_of(std::span<const LeaseEvent> stamps) {
  LaunchTimes times{stamps, {}};
  const Moment claimed = when(first_of(stamps, k_ends_of_launch[k_claim].stamps));
  Moment next;  // of the service's own
  for (std::size_t i = k_ends_of_launch.size(); i-- > 0;) {
    const StageEnd& end = k_ends_of_launch[i];
    // Nothing that happens after the claim can have happened before it.
    const bool is_after_claim = i > k_claim;
    const auto from = std::find_if(stamps.begin(), stamps.end(), [&](const LeaseEvent& stamp) {
      return !is_after_claim || (claimed && stamp.at >= *claimed);
    });
    Moment at = when(first_of(std::span(from, stamps.end()), end.stamps));
    if (end.is_machines_word && at && next && *at > *next) at.reset();
    times.ends[i] = at;
    if (!end.is_machines_word && at) next = at;
  }
  return times;
}

// One for each "launching" stamp; the stamps before the first are the ask's.
std::vector<LaunchTimes> launches_in(const Stamps& stamps) {
  const auto is_launch = [](const LeaseEvent& stamp) { return stamp.name == "launching"; };
  std::vector<LaunchTimes> launches;
  auto begin = std::find_if(stamps.begin(), stamps.end(), is_launch);
  while (begin != stamps.end()) {
    const auto end = std::find_if(begin + 1, stamps.end(), is_launch);
    launches.push_back(times_of({begin, end}));
    begin = end;
  }
  return launches;
}

const LaunchTimes& the_one_that_counts(const std::vector<LaunchTimes>& launches) {
  const auto found = std::find_if(launches.begin(), launches.end(),
                                  [](const LaunchTimes& one) { return one.gave_runner(); });
  return found == launches.end() ? launches.back() : *found;
}

void end_stage(Journey& journey, Stage stage, Moment at, bool& is_exact) {
  if (!at) {
    is_exact = false;  // of the next
    return;
  }
  const Millis from = journey.stages.empty() ? Millis{0} : journey.stages.back().to;
  journey.stages.push_back({stage, from, std::max(from, *at - journey.asked), is_exact});
  is_exact = true;
}

// "i-0123 c7i.large us-east-1a spot ami-0123"
std::string image_in(const LaunchTimes& launch) {
  const LeaseEvent* stamp = first_of(launch.stamps, std::array<std::string_view, 1>{"booting"});
  if (stamp == nullptr) return {};
  const std::size_t at = stamp->detail.rfind(' ') + 1;
  const std::string last = stamp->detail.substr(at);
  return last.starts_with("ami-") ? last : std::string{};
}

// "run 17 of .github/workflows/ci.yml"
std::string workflow_in(const LeaseEvent& verified) {
  const std::string mark = " of ";
  const std::size_t at = verified.detail.find(mark);
  return at == std::string::npos ? std::string{} : verified.detail.substr(at + mark.size());
}

}  // namespace

std::string_view to_string(Stage stage) { return words_of(stage).name; }
std::string_view describe(Stage stage) { return words_of(stage).words; }

Journey journey_of(std::vector<LeaseEvent> events) {
  Journey journey;
  if (events.empty()) return journey;
  std::stable_sort(events.begin(), events.end(),
                   [](const LeaseEvent& a, const LeaseEvent& b) { return a.at < b.at; });
  journey.asked = events.front().at;
  bool is_exact = events.front().name == "asked";
  const LeaseEvent* verified =
      first_of(std::span<const LeaseEvent>(events), std::array<std::string_view, 1>{"verified"});
  if (verified != nullptr) journey.workflow = workflow_in(*verified);
  end_stage(journey, Stage::verify, when(verified), is_exact);

  const auto launches = launches_in(events);
  for (const LaunchTimes& launch : launches) journey.launches += launch.ends[k_launch] ? 1 : 0;
  if (launches.empty()) return journey;
  const LaunchTimes& launch = the_one_that_counts(launches);
  journey.image = image_in(launch);
  if (&launch != &launches.front())
    end_stage(journey, Stage::relaunch, launch.stamps.front().at, is_exact);
  for (std::size_t i = 0; i < k_ends_of_launch.size(); ++i) {
    end_stage(journey, k_ends_of_launch[i].stage, launch.ends[i], is_exact);
    if (!launch.ends[i]) continue;
    if (k_ends_of_launch[i].stage == Stage::online) journey.runner = journey.stages.back().to;
    if (k_ends_of_launch[i].stage == Stage::job) journey.job = journey.stages.back().to;
  }
  return journey;
}

std::optional<Stage> stage_under_way(const Journey& journey, LeaseState state) {
  switch (state) {
    case LeaseState::launching:
      return Stage::launch;
    case LeaseState::booting: {
      const Stage last = journey.stages.empty() ? Stage::launch : journey.stages.back().stage;
      if (last == Stage::boot) return Stage::runner;
      return last == Stage::runner ? Stage::claim : Stage::boot;
    }
    case LeaseState::claimed:
      return Stage::online;
    case LeaseState::online:
      return Stage::job;
    case LeaseState::busy:
    case LeaseState::ending:
    case LeaseState::gone:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace mayfly::report
