#include "lab/sim/totals.h"

#include <algorithm>

namespace mayfly::lab::sim {
namespace {

constexpr double k_millis_per_year = 365.25 * 24 * 3600 * 1000;

void add_counts(Counts& sum, const Counts& counts) {
  sum.requests += counts.requests;
  sum.machine_requests += counts.machine_requests;
  sum.calls += counts.calls;
  sum.ambiguous_launches += counts.ambiguous_launches;
  sum.launch_calls += counts.launch_calls;
  sum.sweeps += counts.sweeps;
  sum.deaths += counts.deaths;
  sum.runs += counts.runs;
  sum.jobs_done += counts.jobs_done;
  sum.steps += counts.steps;
  sum.skipped += counts.skipped;
  sum.worst_overrun = std::max(sum.worst_overrun, counts.worst_overrun);
}

}  // namespace

void Totals::add(const std::string& scenario, const SimResult& result) {
  ++runs;
  ++runs_by_scenario[scenario];
  leases += result.leases;
  launched += result.launched;
  checks += result.checks;
  add_counts(counts, result.counts);
  for (const auto& [law, n] : result.checks_by_law) checks_by_law[law] += n;
  for (const auto& [kind, n] : result.faults_by_kind) faults_by_kind[kind] += n;
  situations.merge(result.situations);
  spent += result.spent;
  simulated += result.simulated;
}

std::uint64_t Totals::faults() const {
  std::uint64_t sum = 0;
  for (const auto& [kind, n] : faults_by_kind) sum += n;
  return sum;
}

double Totals::years_per_minute() const {
  const double minutes = static_cast<double>(busy.count()) / 60'000;
  return minutes > 0 ? years(simulated_in_all) / minutes : 0;
}

double years(Millis d) { return static_cast<double>(d.count()) / k_millis_per_year; }

Millis from_years(double years) {
  return Millis{static_cast<Millis::rep>(years * k_millis_per_year)};
}

}  // namespace mayfly::lab::sim
