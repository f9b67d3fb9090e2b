#include "report/costs.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "report/stages.h"

namespace mayfly::report {
namespace {

constexpr std::array<std::string_view, 6> k_by_names = {"repository", "workflow", "pr",
                                                        "actor",      "arch",     "market"};
constexpr std::size_t k_name_max = 200;

WallTime end_of(const MachineRecord& machine, WallTime now) {
  return std::max(machine.launched_at, machine.ended_at.value_or(now));
}

// The first start of a job while the machine lived, until the first end after it.
std::optional<Millis> job_time_of(const std::vector<LeaseEvent>& by_time,
                                  const MachineRecord& machine, WallTime now) {
  const WallTime end = end_of(machine, now);
  std::optional<WallTime> started;
  for (const LeaseEvent& stamp : by_time) {
    if (stamp.at < machine.launched_at || stamp.at > end) continue;
    if (!started) {
      if (stamp.name == "machine-job-started" || stamp.name == "busy") started = stamp.at;
    } else if (stamp.name == "machine-job-completed" || stamp.name == "machine-runner-exited") {
      return stamp.at - *started;
    }
  }
  if (!started) return std::nullopt;
  return end - *started;
}

std::string name_for(CostBy by, const Lease& lease, const std::string& workflow,
                     const MachineRecord* machine) {
  switch (by) {
    case CostBy::repository:
      return lease.repository.text;
    case CostBy::workflow:
      return workflow.empty() ? "" : lease.repository.text + " " + workflow;
    case CostBy::pull_request:
      return lease.head;
    case CostBy::actor:
      return lease.actor;
    case CostBy::architecture:
      return std::string(to_string(lease.architecture));
    case CostBy::market:
      if (machine == nullptr) return "no machine";
      return machine->on_demand ? "on-demand" : "spot";
  }
  return "";
}

std::string shown(const std::string& name) {
  return name.empty() ? "(unknown)" : printable(name, k_name_max);
}

void add_machine(CostRow& row, const MachineRecord& machine, const std::optional<Millis>& job,
                 WallTime now) {
  const Money cost = cost_so_far(machine, now);
  row.machines += 1;
  row.running += machine.ended_at ? 0 : 1;
  row.spent += cost;
  if (machine.on_demand) row.on_demand += cost;
  row.machine_time += end_of(machine, now) - machine.launched_at;
  row.jobs += job ? 1 : 0;
  row.job_time += job.value_or(Millis{0});
}

// name_of(history, machine or null): the row a machine, or a lease without one, belongs to.
template <class NameOf>
std::map<std::string, CostRow> rows_of(const std::vector<History>& histories, const Window& window,
                                       WallTime now, const NameOf& name_of) {
  std::map<std::string, CostRow> rows;
  for (const History& history : histories) {
    std::set<std::string> named;
    const auto row_for = [&](const MachineRecord* machine) -> CostRow& {
      const std::string name = shown(name_of(history, machine));
      CostRow& row = rows[name];
      row.what = name;
      if (named.insert(name).second) row.leases += 1;
      return row;
    };
    for (const MachineRecord& machine : history.machines)
      if (window.contains(machine.launched_at))
        add_machine(row_for(&machine), machine, job_time_of(history.events, machine, now), now);
    if (named.empty() && window.contains(history.lease.created_at)) row_for(nullptr);
  }
  return rows;
}

}  // namespace

std::string_view to_string(CostBy by) { return k_by_names[static_cast<std::size_t>(by)]; }

std::optional<CostBy> parse_cost_by(std::string_view text) {
  const auto found = std::find(k_by_names.begin(), k_by_names.end(), text);
  if (found == k_by_names.end()) return std::nullopt;
  return static_cast<CostBy>(found - k_by_names.begin());
}

std::vector<std::string_view> cost_by_names() { return {k_by_names.begin(), k_by_names.end()}; }

int CostRow::idle_percent() const {
  if (machine_time.count() <= 0) return 0;
  return static_cast<int>(100 - job_time.count() * 100 / machine_time.count());
}

Money cost_so_far(const MachineRecord& machine, WallTime now) {
  if (machine.ended_at) return machine.spent;
  return price_for(machine.usd_per_hour, std::max(Millis{0}, now - machine.launched_at));
}

std::vector<CostRow> costs_of(const std::vector<History>& histories, CostBy by,
                              const Window& window, WallTime now) {
  const auto rows =
      rows_of(histories, window, now, [by](const History& history, const MachineRecord* machine) {
        const bool needs_stamps = by == CostBy::workflow;
        const std::string workflow =
            needs_stamps ? journey_of(history.events).workflow : std::string{};
        return name_for(by, history.lease, workflow, machine);
      });
  std::vector<CostRow> out;
  for (const auto& [name, row] : rows) out.push_back(row);
  std::stable_sort(out.begin(), out.end(), [](const CostRow& a, const CostRow& b) {
    return a.spent > b.spent;  // the map has them by name
  });
  return out;
}

CostRow total_costs(const std::vector<History>& histories, const Window& window, WallTime now) {
  const auto rows = rows_of(histories, window, now, [](const History&, const MachineRecord*) {
    return std::string("total");
  });
  if (rows.empty()) {
    CostRow none;
    none.what = "total";
    return none;
  }
  return rows.begin()->second;
}

}  // namespace mayfly::report
