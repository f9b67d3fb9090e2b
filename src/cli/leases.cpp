#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/lease_rows.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "os/signals.h"
#include "report/report_json.h"
#include "report/table.h"
#include "report/tables.h"
#include "web/lease_json.h"

namespace mayfly::cli {
namespace {

constexpr Millis k_watch_every = Seconds{2};
constexpr int k_bar_columns = 40;

Result<std::vector<Lease>> read(Ledger& ledger, const LeasesAsk& ask) {
  return ask.all ? ledger.recent(ask.count_max) : ledger.live();
}

void print_changes(const CommonOptions& options, const Config& config,
                   const std::vector<Changes::Change>& changes, WallTime now) {
  for (const Changes::Change& change : changes) {
    if (options.json) {
      json::object line = lease_json(change.lease, config.public_url);
      line["is_live"] = !change.has_left;
      std::printf("%s\n", json::serialize(line).c_str());
    } else {
      std::printf("%s\n", change_line(change, now).c_str());
    }
  }
  std::fflush(stdout);
}

// At a terminal the table, drawn anew; elsewhere a line for each change.
Status watch(Process& process, const CommonOptions& options, const Config& config, Ledger& ledger,
             const LeasesAsk& ask) {
  os::StopSignal stop;
  const bool redraws = is_terminal(1) && !options.json;
  Changes changes;
  do {
    TRY_ASSIGN(const auto leases, read(ledger, ask));
    const WallTime now = process.clock.wall();
    if (!redraws) {
      print_changes(options, config, changes.since_last(leases), now);
      continue;
    }
    const std::string table =
        leases.empty() ? std::string("no live leases\n") : leases_table(leases, now);
    std::printf("%s%s  %zu %s, Ctrl-C ends\n%s", k_clear_screen, iso8601(now).c_str(),
                leases.size(), plural(static_cast<std::int64_t>(leases.size()), "lease").c_str(),
                table.c_str());
    std::fflush(stdout);
  } while (!stop.wait_for(k_watch_every));
  return {};
}

Status print_leases(const CommonOptions& options, const LeasesAsk& ask) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  if (ask.watch) return watch(process, options, config, *ledger, ask);
  TRY_ASSIGN(const auto leases, read(*ledger, ask));
  if (options.json) {
    json::array out;
    for (const Lease& lease : leases) out.push_back(lease_json(lease, config.public_url));
    std::printf("%s\n", json::serialize(out).c_str());
    return {};
  }
  std::fputs(leases_table(leases, process.clock.wall()).c_str(), stdout);
  if (leases.empty())
    std::fputs(ask.all ? "no leases yet\n" : "no live leases (--all shows old ones)\n", stderr);
  return {};
}

void print_journey(const report::Journey& journey, const Lease& lease) {
  if (journey.stages.empty()) return;
  std::printf("\n%s", report::journey_picture(journey, k_bar_columns).c_str());
  if (journey.runner)
    std::printf("runner online after %s\n", human_duration(*journey.runner).c_str());
  if (const auto stage = report::stage_under_way(journey, lease.state))
    std::printf("under way: %s\n", std::string(describe(*stage)).c_str());
}

void print_timeline(const std::vector<LeaseEvent>& events) {
  if (events.empty()) return;
  const WallTime start = events.front().at;
  report::Table table({"AFTER", "AT", "EVENT", "DETAIL"});
  for (const LeaseEvent& event : events)
    table.add({human_duration(event.at - start), iso8601_millis(event.at), event.name,
               printable(event.detail, 120)});
  std::printf("\n%s", table.text().c_str());
}

Status print_lease(const CommonOptions& options, const std::string& id) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "\"" + printable(id, 40) + "\" is no lease id");
  TRY_ASSIGN(const auto lease, ledger->find(*lease_id));
  if (!lease) return fail(Code::lease_not_found, "there is no lease " + id);
  TRY_ASSIGN(const auto events, ledger->events(*lease_id));
  TRY_ASSIGN(const auto machines, ledger->machines(*lease_id));
  if (options.json) {
    json::object out = lease_json(*lease, config.public_url);
    out["timeline"] = timeline_json(events);
    out["times"] = report::journey_json(report::journey_of(events));
    out["machines"] = machines_json(machines);
    std::printf("%s\n", json::serialize(out).c_str());
    return {};
  }
  std::printf("%s  %s\n%s run %lld attempt %d, label %s\ndeadline %s\n", lease->id.text.c_str(),
              state_of(*lease).c_str(), lease->repository.text.c_str(),
              static_cast<long long>(lease->run_id), lease->run_attempt, lease->label.c_str(),
              iso8601(lease->deadline).c_str());
  if (!lease->reason.empty()) std::printf("reason: %s\n", printable(lease->reason, 400).c_str());
  for (const MachineRecord& machine : machines)
    std::printf(
        "machine %s %s %s, %s\n", machine.instance_id.text.c_str(), machine.instance_type.c_str(),
        machine.zone.c_str(),
        machine.ended_at ? ("ended, at most " + human_usd(machine.spent)).c_str() : "running");
  print_journey(report::journey_of(events), *lease);
  print_timeline(events);
  return {};
}

// The operator's word: the lease ends whether or not it is still needed. The service's next sweep
// terminates the machine.
Status end_lease(const CommonOptions& options, const std::string& id) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "\"" + printable(id, 40) + "\" is no lease id");
  for (int attempt = 0; attempt < 5; ++attempt) {
    TRY_ASSIGN(const auto lease, ledger->find(*lease_id));
    if (!lease) return fail(Code::lease_not_found, "there is no lease " + id);
    if (lease->state == LeaseState::ending || lease->state == LeaseState::gone) {
      std::printf("%s is %s already\n", id.c_str(), state_of(*lease).c_str());
      return {};
    }
    Decision decision{*lease, true, {}, {}};
    end_with(decision, Outcome::released, process.clock.wall(), "by the operator");
    const auto written = ledger->update(decision.next, decision.events, std::nullopt);
    if (written) {
      std::printf("%s is ending; the next sweep terminates its machine\n", id.c_str());
      return {};
    }
    if (written.error().code != Code::lease_conflict) return fail(written.error());
  }
  return fail(Code::lease_conflict, "the lease keeps changing; try again");
}

int finish(const Status& status) { return status ? 0 : complain(status.error()); }

}  // namespace

int leases(const CommonOptions& options, const LeasesAsk& ask) {
  return finish(print_leases(options, ask));
}
int lease(const CommonOptions& options, const std::string& id) {
  return finish(print_lease(options, id));
}
int release(const CommonOptions& options, const std::string& id) {
  return finish(end_lease(options, id));
}

}  // namespace mayfly::cli
