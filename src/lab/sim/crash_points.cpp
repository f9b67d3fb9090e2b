#include "lab/sim/crash_points.h"

#include <algorithm>
#include <set>

namespace mayfly::lab::sim {
namespace {

Injection kill_at(const std::string& point, int ordinal) {
  return {point, ordinal, FaultKind::kill, Millis{0}};
}

SimPlan plan_for(const CrashOptions& options, std::vector<Injection> faults) {
  SimPlan plan;
  plan.scenario = options.scenario;
  plan.seed = options.seed;
  plan.exactly = std::move(faults);
  return plan;
}

std::uint64_t sum_of(const std::map<int, int>& numbers) {
  std::uint64_t sum = 0;
  for (const auto& [key, n] : numbers) sum += static_cast<std::uint64_t>(std::max(n, 0));
  return sum;
}

int lived(const SimResult& result, int life) {
  const auto found = result.boundaries_by_life.find(life);
  return found == result.boundaries_by_life.end() ? 0 : found->second;
}

}  // namespace

std::vector<CrashPair> thin_out(const std::map<int, int>& second_max, int pairs_max) {
  const auto room = static_cast<std::uint64_t>(std::max(pairs_max, 1));
  const std::uint64_t step = std::max<std::uint64_t>(1, (sum_of(second_max) + room - 1) / room);
  std::vector<CrashPair> pairs;
  std::set<int> firsts, seconds, all_seconds;
  std::uint64_t diagonal = 0;
  for (const auto& [first, most] : second_max) {
    ++diagonal;
    for (int second = 1; second <= most; ++second) {
      all_seconds.insert(second);
      if ((diagonal + static_cast<std::uint64_t>(second)) % step != 0) continue;
      pairs.push_back({first, second});
      firsts.insert(first);
      seconds.insert(second);
    }
  }
  if (room < std::max(second_max.size(), all_seconds.size())) return pairs;
  for (const auto& [first, most] : second_max) {
    for (int second = 1; second <= most; ++second) {
      const bool is_new_first = firsts.insert(first).second;
      const bool is_new_second = seconds.insert(second).second;
      if (is_new_first || is_new_second) pairs.push_back({first, second});
    }
  }
  return pairs;
}

CrashCounts play_crash_points(Campaign& campaign, const CrashOptions& options) {
  CrashCounts counts;
  int boundaries = 0, of_first_life = 0;
  campaign.play(plans_of({plan_for(options, {})}), [&](const SimPlan&, const SimResult& result) {
    boundaries = result.boundaries;
    of_first_life = lived(result, 1);
  });

  std::vector<SimPlan> once, every_life, pairs;
  std::map<int, int> second_max;
  for (int n = 1; n <= boundaries; n += options.stride)
    once.push_back(plan_for(options, {kill_at("io", n)}));
  counts.once_of = static_cast<std::uint64_t>(boundaries);
  campaign.play(plans_of(once), [&](const SimPlan& plan, const SimResult& result) {
    ++counts.once;
    second_max[plan.exactly->front().ordinal] = lived(result, 2);
  });

  for (int k = 1; k <= of_first_life; k += options.stride)
    every_life.push_back(plan_for(options, {kill_at("every-life", k)}));
  counts.every_life_of = static_cast<std::uint64_t>(of_first_life);
  campaign.play(plans_of(every_life),
                [&](const SimPlan&, const SimResult&) { ++counts.every_life; });

  for (const CrashPair& pair : thin_out(second_max, options.pairs_max))
    pairs.push_back(plan_for(options, {kill_at("io", pair.first), kill_at("life-2", pair.second)}));
  counts.pairs_of = sum_of(second_max);
  campaign.play(plans_of(pairs), [&](const SimPlan&, const SimResult&) { ++counts.pairs; });
  return counts;
}

std::string to_string(const CrashCounts& counts) {
  const auto part = [](std::uint64_t played, std::uint64_t of) {
    return std::to_string(played) + " of " + std::to_string(of);
  };
  return "killed once at " + part(counts.once, counts.once_of) + " points, in every life at " +
         part(counts.every_life, counts.every_life_of) + ", again during recovery at " +
         part(counts.pairs, counts.pairs_of) + " pairs";
}

}  // namespace mayfly::lab::sim
