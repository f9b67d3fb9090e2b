#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/process.h"
#include "cli/table.h"
#include "web/lease_json.h"

namespace mayfly::cli {
namespace {

std::string where(const Lease& lease) {
  if (lease.launch.instance_id.empty()) return "-";
  return lease.launch.instance_type + " " + lease.launch.zone +
         (lease.launch.on_demand ? " on-demand" : " spot");
}

std::string state_of(const Lease& lease) {
  std::string text(to_string(lease.state));
  if (lease.outcome != Outcome::none) text += " (" + std::string(to_string(lease.outcome)) + ")";
  return text;
}

Status print_leases(const CommonOptions& options, int count_max, bool all) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  TRY_ASSIGN(auto leases, all ? ledger->recent(count_max) : ledger->live());
  if (options.json) {
    json::array out;
    for (const Lease& lease : leases) out.push_back(lease_json(lease, config.public_url));
    std::printf("%s\n", json::serialize(out).c_str());
    return {};
  }
  Table table({"LEASE", "REPOSITORY", "RUN", "ARCH", "STATE", "SINCE", "DEADLINE IN", "MACHINE"});
  const WallTime now = process.clock.wall();
  for (const Lease& lease : leases)
    table.add({lease.id.text, lease.repository.text,
               std::to_string(lease.run_id) + "/" + std::to_string(lease.run_attempt),
               std::string(to_string(lease.architecture)), state_of(lease),
               human_duration(now - lease.state_since),
               is_live(lease.state) ? human_duration(lease.deadline - now) : "-", where(lease)});
  std::fputs(table.text().c_str(), stdout);
  if (leases.empty())
    std::fputs(all ? "no leases yet\n" : "no live leases (--all shows old ones)\n", stderr);
  return {};
}

void print_timeline(const std::vector<LeaseEvent>& events) {
  if (events.empty()) return;
  const WallTime start = events.front().at;
  Table table({"AFTER", "AT", "EVENT", "DETAIL"});
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

int leases(const CommonOptions& options, int count_max, bool all) {
  return finish(print_leases(options, count_max, all));
}
int lease(const CommonOptions& options, const std::string& id) {
  return finish(print_lease(options, id));
}
int release(const CommonOptions& options, const std::string& id) {
  return finish(end_lease(options, id));
}

}  // namespace mayfly::cli
