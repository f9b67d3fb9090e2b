#pragma once

// What machines cost, and for whom. Pure.
//
// Money is what the ledger books: an upper bound, at the on-demand price, of machines that ended;
// of those that still run, what they have cost until now. A machine counts in the window in which
// it was launched. A lease's workflow is that of the run it was verified for.
//
// Job time is from the hook's "job-started" to "job-completed" or the machine's end; the rest of a
// machine's time is idle: boot, waiting, power-off. The machine says when its job began and ended:
// a stranger's job can make its own machine look busy or idle, and nobody else's.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/history.h"

namespace mayfly::report {

enum class CostBy { repository, workflow, pull_request, actor, architecture, market };

// "repository", "workflow", "pr", "actor", "arch", "market": as an option names them.
[[nodiscard]] std::string_view to_string(CostBy by);
[[nodiscard]] std::optional<CostBy> parse_cost_by(std::string_view text);
[[nodiscard]] std::vector<std::string_view> cost_by_names();

struct CostRow {
  std::string what;         // printable; "(unknown)" where nothing was stamped
  std::int64_t leases = 0;  // that had a machine in the window, or were asked for in it
  std::int64_t machines = 0;
  std::int64_t running = 0;  // of those, not ended yet
  std::int64_t jobs = 0;     // machines that had a job
  Money spent;               // at most
  Money on_demand;           // the part of it for on-demand machines; the rest is spot
  Millis machine_time{0};
  Millis job_time{0};

  [[nodiscard]] Money spot() const { return spent - on_demand; }
  // Of machine_time; 0 without any.
  [[nodiscard]] int idle_percent() const;
};

// Dearest first, then by name. By market a lease may stand in both rows.
[[nodiscard]] std::vector<CostRow> costs_of(const std::vector<History>& histories, CostBy by,
                                            const Window& window, WallTime now);
[[nodiscard]] CostRow total_costs(const std::vector<History>& histories, const Window& window,
                                  WallTime now);
// Of one machine until now.
[[nodiscard]] Money cost_so_far(const MachineRecord& machine, WallTime now);

}  // namespace mayfly::report
