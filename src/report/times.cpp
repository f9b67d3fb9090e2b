#include "report/times.h"

#include <algorithm>
#include <tuple>

namespace mayfly::report {
namespace {

struct Collected {
  TimesRow row;
  std::vector<Millis> runner;
  std::vector<Millis> job;
  std::map<Stage, std::vector<Millis>> stages;
};

void collect(Collected& into, const Lease& lease, const Journey& journey) {
  const bool has_ended = lease.state == LeaseState::ending || lease.state == LeaseState::gone;
  into.row.leases += 1;
  into.row.no_runner += has_ended && !journey.runner ? 1 : 0;
  if (journey.runner) into.runner.push_back(*journey.runner);
  if (journey.job) into.job.push_back(*journey.job);
  for (const StageTime& stage : journey.stages)
    if (stage.is_exact) into.stages[stage.stage].push_back(stage.took());
}

TimesRow finished(Collected collected) {
  TimesRow row = std::move(collected.row);
  row.runner = percentiles_of(std::move(collected.runner));
  row.job = percentiles_of(std::move(collected.job));
  for (auto& [stage, values] : collected.stages)
    row.stages[stage] = percentiles_of(std::move(values));
  return row;
}

}  // namespace

Percentiles percentiles_of(std::vector<Millis> values) {
  Percentiles out;
  if (values.empty()) return out;
  std::sort(values.begin(), values.end());
  const auto ranked = [&](std::size_t percent) {
    return values[(values.size() * percent + 99) / 100 - 1];
  };
  out.count = static_cast<std::int64_t>(values.size());
  out.p50 = ranked(50);
  out.p90 = ranked(90);
  out.p99 = ranked(99);
  out.longest = values.back();
  return out;
}

std::vector<TimesRow> times_of(const std::vector<History>& histories, const Window& window) {
  std::map<std::tuple<Architecture, std::string>, Collected> groups;
  for (const History& history : histories) {
    const Lease& lease = history.lease;
    if (!window.contains(lease.created_at)) continue;
    const Journey journey = journey_of(history.events);
    Collected& group = groups[{lease.architecture, journey.image}];
    group.row.architecture = lease.architecture;
    group.row.image = journey.image;
    collect(group, lease, journey);
  }
  std::vector<TimesRow> rows;
  for (auto& [key, group] : groups) rows.push_back(finished(std::move(group)));
  return rows;
}

TimesRow times_of_all(const std::vector<History>& histories, const Window& window) {
  Collected all;
  for (const History& history : histories)
    if (window.contains(history.lease.created_at))
      collect(all, history.lease, journey_of(history.events));
  return finished(std::move(all));
}

}  // namespace mayfly::report
