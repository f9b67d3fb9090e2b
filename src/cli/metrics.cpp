#include "cli/metrics.h"

#include "lease/admission.h"
#include "report/exposition.h"

namespace mayfly::cli {
namespace {

using report::Exposition;

struct Books {
  Audit audit;
  Usage usage;
  std::vector<Lease> live;
};

Result<Books> read_books(const Config& config, Ledger& ledger, WallTime now) {
  Books books;
  TRY_ASSIGN(books.audit, ledger.audit());
  TRY_ASSIGN(books.usage, ledger.usage(config.limits, now));
  TRY_ASSIGN(books.live, ledger.live());
  return books;
}

void show_totals(Exposition& out, const Audit& audit) {
  out.counter("mayfly_leases_created_total", "Leases ever made. From the ledger.")
      .value(audit.leases);
  out.counter("mayfly_machines_launched_total", "Machines ever launched. From the ledger.")
      .value(audit.launched);
  out.counter("mayfly_machines_ended_total",
              "Machines that EC2 confirmed to be gone. From the ledger.")
      .value(audit.ended);
  out.counter("mayfly_spent_usd_total",
              "What machines that ended cost at most, in dollars. From the ledger.")
      .value(audit.spent);
  out.gauge("mayfly_runners_left",
            "Leases whose runner is not confirmed off GitHub. From the ledger.")
      .value(audit.runners_left);
}

void show_live(Exposition& out, const std::vector<Lease>& live, WallTime now) {
  std::map<LeaseState, std::int64_t> states;
  std::map<std::pair<Architecture, bool>, std::int64_t> machines;
  Millis oldest_wait{0};
  for (const Lease& lease : live) {
    states[lease.state] += 1;
    if (!lease.launch.instance_id.empty() && !lease.machine_ended)
      machines[{lease.architecture, lease.launch.on_demand}] += 1;
    if (lease.state < LeaseState::online)
      oldest_wait = std::max(oldest_wait, now - lease.created_at);
  }
  out.gauge("mayfly_leases", "Live leases by state. From the ledger.");
  for (const LeaseState state : {LeaseState::launching, LeaseState::booting, LeaseState::claimed,
                                 LeaseState::online, LeaseState::busy, LeaseState::ending})
    out.value(states[state], {{"state", std::string(to_string(state))}});
  out.gauge("mayfly_machines", "Machines of live leases. From the ledger.");
  for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64})
    for (const bool on_demand : {false, true})
      out.value(machines[{architecture, on_demand}],
                {{"architecture", std::string(to_string(architecture))},
                 {"market", on_demand ? "on-demand" : "spot"}});
  out.gauge("mayfly_longest_wait_seconds",
            "How long the lease waits that has waited longest for its runner. From the ledger.")
      .value(oldest_wait);
}

void show_limits(Exposition& out, const Usage& usage, const Caps& caps) {
  const auto launches = static_cast<std::int64_t>(usage.launches.of_hour.size());
  out.gauge("mayfly_limit_used", "What a limit is held against now. From the ledger.")
      .value(std::int64_t{usage.machines}, {{"limit", "machines"}})
      .value(launches, {{"limit", "launches_per_hour"}})
      .value(usage.spent_today + usage.reserved, {{"limit", "usd_per_day"}})
      .value(usage.spent_this_month + usage.reserved, {{"limit", "usd_per_month"}});
  out.gauge("mayfly_limit", "The limit itself. From the configuration.")
      .value(std::int64_t{caps.machines}, {{"limit", "machines"}})
      .value(std::int64_t{caps.launches_per_hour}, {{"limit", "launches_per_hour"}})
      .value(caps.usd_per_day, {{"limit", "usd_per_day"}})
      .value(caps.usd_per_month, {{"limit", "usd_per_month"}});
  out.gauge("mayfly_reserved_usd", "Reserved by live leases, in dollars. From the ledger.")
      .value(usage.reserved);
  out.gauge("mayfly_launches_paused",
            "1 while launches pause because the last ones failed. From the ledger.")
      .value(std::int64_t{usage.launches.pause ? 1 : 0});
}

void show_sweeps(Exposition& out, const LastSweep& last_sweep) {
  const SweepTotals totals = last_sweep.totals();
  out.counter("mayfly_sweeps_total", "Sweeps of this process.").value(totals.sweeps);
  out.counter("mayfly_sweep_problems_total", "Problems that sweeps of this process went on past.")
      .value(totals.problems);
  out.counter("mayfly_terminations_total",
              "Machines that this process told EC2 to terminate; of those, without a lease.")
      .value(totals.terminated - totals.orphans, {{"why", "lease"}})
      .value(totals.orphans, {{"why", "orphan"}});
  out.counter("mayfly_runners_removed_total", "Runners that this process took off GitHub.")
      .value(totals.runners_removed);
  const auto last = last_sweep.get();
  if (!last) return;
  out.gauge("mayfly_last_sweep_timestamp_seconds", "When the last sweep of this process ended.")
      .value(Millis{epoch_millis(last->first)});
  out.gauge("mayfly_overdue_seconds",
            "How long the machine is past its deadline that is furthest past it.")
      .value(last->second.overdue);
  out.gauge("mayfly_sees_cloud", "1 when the last sweep could list EC2's machines.")
      .value(std::int64_t{last->second.instances >= 0 ? 1 : 0});
  if (last->second.instances >= 0)
    out.gauge("mayfly_instances", "Machines of this deployment alive on EC2, at the last sweep.")
        .value(std::int64_t{last->second.instances});
}

void show_calls(Exposition& out, const Counters& counters) {
  const auto answers = counters.answers.get();
  out.counter("mayfly_answers_total",
              "Answers of the public API of this process, by code: docs/errors.md.");
  for (const auto& [code, count] : answers) out.value(count.calls, {{"code", code}});
  out.counter("mayfly_answer_seconds_total", "Time that those answers took.");
  for (const auto& [code, count] : answers) out.value(count.took, {{"code", code}});
  const auto upstream = counters.upstream.get();
  const auto labels_of = [](const std::string& what) {
    const std::size_t space = what.find(' ');
    return report::Labels{{"to", what.substr(0, space)}, {"answer", what.substr(space + 1)}};
  };
  out.counter("mayfly_upstream_calls_total",
              "Calls of this process to GitHub and AWS; answer: the class of its status, or none.");
  for (const auto& [what, count] : upstream) out.value(count.calls, labels_of(what));
  out.counter("mayfly_upstream_seconds_total", "Time that those calls took.");
  for (const auto& [what, count] : upstream) out.value(count.took, labels_of(what));
}

void show_leases(Exposition& out, const report::Tallied& tallied) {
  out.counter("mayfly_lease_events_total", "Stamps that this process wrote on timelines.");
  for (const auto& [event, count] : tallied.events) out.value(count, {{"event", event}});
  out.counter("mayfly_leases_ended_total", "Leases that this process ended, by outcome.");
  for (int i = static_cast<int>(Outcome::job_done); i <= static_cast<int>(Outcome::interrupted);
       ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const auto found = tallied.ended.find(outcome);
    out.value(found == tallied.ended.end() ? std::int64_t{0} : found->second,
              {{"outcome", std::string(to_string(outcome))}});
  }
  out.histogram("mayfly_time_to_runner_seconds",
                "From the ask until the runner is online, of runners that this process saw come.");
  for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64}) {
    const auto found = tallied.runner.find(architecture);
    out.value(found == tallied.runner.end() ? report::Histogram{} : found->second,
              {{"architecture", std::string(to_string(architecture))}});
  }
  out.histogram("mayfly_stage_seconds", "The stages of that time (mayfly costs --times).");
  for (const auto& [stage, histogram] : tallied.stages)
    out.value(histogram, {{"stage", std::string(to_string(stage))}});
}

}  // namespace

std::string metrics_text(const Config& config, Ledger& ledger, const Counters& counters,
                         const LastSweep& last_sweep, WallTime now) {
  Exposition out;
  out.gauge("mayfly_build_info", "The version and deployment; always 1.")
      .value(std::int64_t{1}, {{"version", MAYFLY_VERSION}, {"deployment", config.deployment}});
  out.gauge("mayfly_process_start_time_seconds", "When this process began.")
      .value(Millis{epoch_millis(counters.started)});
  const auto books = read_books(config, ledger, now);
  out.gauge("mayfly_ledger_up", "1 when the ledger could be read for this answer.")
      .value(std::int64_t{books ? 1 : 0});
  if (books) {
    show_totals(out, books->audit);
    show_live(out, books->live, now);
    show_limits(out, books->usage, config.limits);
  }
  show_sweeps(out, last_sweep);
  show_calls(out, counters);
  show_leases(out, counters.leases.get());
  return out.text();
}

}  // namespace mayfly::cli
