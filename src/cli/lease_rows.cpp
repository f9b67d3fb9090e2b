#include "cli/lease_rows.h"

#include "base/text.h"
#include "report/table.h"

namespace mayfly::cli {
namespace {

std::string where(const Lease& lease) {
  if (lease.launch.instance_id.empty()) return "-";
  return lease.launch.instance_type + " " + lease.launch.zone +
         (lease.launch.on_demand ? " on-demand" : " spot");
}

std::string run_of(const Lease& lease) {
  return std::to_string(lease.run_id) + "/" + std::to_string(lease.run_attempt);
}

}  // namespace

std::string state_of(const Lease& lease) {
  std::string text(to_string(lease.state));
  if (lease.outcome != Outcome::none) text += " (" + std::string(to_string(lease.outcome)) + ")";
  return text;
}

std::string leases_table(const std::vector<Lease>& leases, WallTime now) {
  if (leases.empty()) return {};
  report::Table table(
      {"LEASE", "REPOSITORY", "RUN", "ARCH", "STATE", "SINCE", "DEADLINE IN", "MACHINE"});
  for (const Lease& lease : leases)
    table.add({lease.id.text, lease.repository.text, run_of(lease),
               std::string(to_string(lease.architecture)), state_of(lease),
               human_duration(now - lease.state_since),
               is_live(lease.state) ? human_duration(lease.deadline - now) : "-", where(lease)});
  return table.text();
}

std::vector<Changes::Change> Changes::since_last(const std::vector<Lease>& now) {
  std::vector<Change> changes;
  std::map<LeaseId, Lease> next;
  for (const Lease& lease : now) {
    const auto before = last_.find(lease.id);
    if (before == last_.end() || before->second.state != lease.state)
      changes.push_back({lease, false});
    if (before != last_.end()) last_.erase(before);
    next.emplace(lease.id, lease);
  }
  for (const auto& [id, lease] : last_) changes.push_back({lease, true});
  last_ = std::move(next);
  return changes;
}

std::string change_line(const Changes::Change& change, WallTime now) {
  const Lease& lease = change.lease;
  return iso8601(now).substr(11, 8) + "  " + lease.id.text + "  " +
         (change.has_left ? "no longer live" : state_of(lease)) + "  " + lease.repository.text +
         " " + run_of(lease) + " " + std::string(to_string(lease.architecture)) + "  " +
         where(lease);
}

}  // namespace mayfly::cli
