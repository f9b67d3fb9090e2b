#include "lab/sim/campaign.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "os/threads.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::size_t k_line_max = 300;  // of a history, in a message

Failure failure_of(const SimPlan& plan) {
  Failure failure;
  failure.scenario = plan.scenario;
  failure.seed = plan.seed;
  failure.command = command_for(plan);
  return failure;
}

}  // namespace

std::string hash_text(std::uint64_t hash) {
  std::vector<std::uint8_t> bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(hash >> shift));
  return to_hex(bytes);
}

Campaign::Campaign(CampaignOptions options, Simulate simulate, Clock& clock)
    : options_(options), simulate_(std::move(simulate)), clock_(clock), began_(clock.steady()) {}

void Campaign::play(Source source, OnResult on_result) {
  std::vector<os::NamedThread> others;
  for (int i = 1; i < options_.threads; ++i)
    others.emplace_back("simulate-" + std::to_string(i), [&] { work(source, on_result); });
  work(source, on_result);
  for (os::NamedThread& thread : others) thread.join();
  pending_.clear();
  begun_ = taken_;
}

void Campaign::work(const Source& source, const OnResult& on_result) {
  std::unique_lock lock(mutex_);
  while (!may_not_begin()) {
    std::optional<SimPlan> plan = source();
    if (!plan) return;
    const std::uint64_t number = begun_++;
    lock.unlock();
    Played played = play_one(std::move(*plan));
    lock.lock();
    pending_.emplace(number, std::move(played));
    take_in_order(on_result);
  }
}

Campaign::Played Campaign::play_one(SimPlan plan) {
  if (on_begin_) on_begin_(plan);
  Played played;
  played.plan = std::move(plan);
  played.plan.stop = &is_stopped_;
  played.result = timed(played.plan, played.busy);
  if (!played.result.violations.empty()) {
    note_violations(played);
  } else if (played.result.is_cut) {
    played.is_lost = true;
  } else if (options_.repeats) {
    SimPlan quiet = played.plan;
    quiet.on_line = {};
    const SimResult again = timed(quiet, played.busy);
    played.is_repeated = !again.is_cut;
    if (played.is_repeated && again.hash != played.result.hash) {
      Failure failure = failure_of(played.plan);
      failure.law = k_differs;
      failure.what = "hashes " + hash_text(played.result.hash) + " and " + hash_text(again.hash) +
                     "; " + first_difference(simulate_, quiet);
      played.failure = std::move(failure);
    }
  }
  return played;
}

SimResult Campaign::timed(const SimPlan& plan, Millis& busy) {
  const SteadyTime began = clock_.steady();
  SimResult result = simulate_(plan);
  busy += clock_.steady() - began;
  return result;
}

// A failure is not repeated first: that its list of faults plays it again says as much.
void Campaign::note_violations(Played& played) {
  const SimResult& result = played.result;
  Failure failure = failure_of(played.plan);
  failure.law = result.violations.front().law;
  failure.what = result.violations.front().what;
  failure.at = result.violations.front().at;
  failure.violations = result.violations.size();
  if (options_.shrink_tries > 0) {
    Shrunk shrunk = shrink_with(simulate_, played.plan, result, options_.shrink_tries);
    failure.tries = shrunk.tries;
    failure.is_replayed = shrunk.is_replayed;
    failure.shrunk = std::move(shrunk.faults);
    failure.shrunk_command = command_for(played.plan, failure.shrunk);
  }
  played.failure = std::move(failure);
}

void Campaign::take_in_order(const OnResult& on_result) {
  for (auto at = pending_.begin(); at != pending_.end() && at->first == taken_ && !is_complete();
       at = pending_.begin()) {
    Played played = std::move(at->second);
    pending_.erase(at);
    ++taken_;
    if (played.is_lost) continue;
    totals_.add(played.plan.scenario, played.result);
    totals_.busy += played.busy;
    totals_.simulated_in_all += played.result.simulated * (played.is_repeated ? 2 : 1);
    if (played.is_repeated) ++totals_.repeated;
    if (played.failure) {
      ++totals_.failed;
      totals_.failures.push_back(std::move(*played.failure));
    }
    if (on_result) on_result(played.plan, played.result);
  }
}

bool Campaign::is_complete() const {
  return totals_.failed >= static_cast<std::uint64_t>(options_.failures_max) ||
         (options_.simulated && totals_.simulated >= *options_.simulated) ||
         (options_.requests && totals_.counts.requests >= *options_.requests) ||
         (options_.until_situations && totals_.situations.has_all_but_rare());
}

bool Campaign::may_not_begin() {
  return is_stopped_ || is_complete() || (options_.real && elapsed() >= *options_.real);
}

Totals Campaign::totals() {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void Campaign::stop() { is_stopped_ = true; }

bool Campaign::is_over() {
  const std::lock_guard lock(mutex_);
  return may_not_begin();
}

std::string scenario_of_seed(std::uint64_t seed) {
  const std::vector<Scenario>& all = scenarios();
  // What reaches the most corners for its time comes half of the time.
  if (seed % 2 == 0) return seed % 6 == 0 ? "rare-moments" : "moments";
  return all[seed / 2 % all.size()].name;
}

Campaign::Source seeds_from(std::uint64_t first, std::optional<std::uint64_t> runs,
                            std::optional<std::string> scenario) {
  return [next = first, left = runs, scenario]() mutable -> std::optional<SimPlan> {
    if (left && (*left)-- == 0) {
      left = 0;
      return std::nullopt;
    }
    SimPlan plan;
    plan.seed = next++;
    plan.scenario = scenario ? *scenario : scenario_of_seed(plan.seed);
    return plan;
  };
}

Campaign::Source plans_of(std::vector<SimPlan> plans) {
  return [plans = std::move(plans), next = std::size_t{0}]() mutable -> std::optional<SimPlan> {
    if (next == plans.size()) return std::nullopt;
    return plans[next++];
  };
}

// A history is long: of the first play only a number for each line is kept.
std::string first_difference(const Simulate& simulate, SimPlan plan) {
  const std::hash<std::string> number_of;
  std::vector<std::size_t> first;
  plan.on_line = [&](const std::string& line) { first.push_back(number_of(line)); };
  (void)simulate(plan);
  std::size_t lines = 0;
  std::optional<std::string> differs;
  plan.on_line = [&](const std::string& line) {
    if (!differs && (lines >= first.size() || first[lines] != number_of(line))) differs = line;
    if (!differs) ++lines;
  };
  (void)simulate(plan);
  if (differs)
    return "line " + std::to_string(lines + 1) + " is another: " + printable(*differs, k_line_max);
  if (lines < first.size()) return "it ends before line " + std::to_string(lines + 1);
  return "played twice more, it was the same";
}

}  // namespace mayfly::lab::sim
