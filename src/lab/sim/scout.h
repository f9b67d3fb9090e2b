#pragma once

// Watches a simulation for the situations of situations.def and notes those that it meets. It is a
// Law that never blames: it changes, draws and waits for nothing. What it sees are the exchanges,
// the log, the ledger's states and the fault plan's record; names are put together from these, so
// that each family of situations is one line of code. One thread.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "lab/sim/law.h"
#include "lab/sim/situations.h"
#include "lease/lease.h"

namespace mayfly::lab::sim {

// "booting"; a lease that is launching is "launch_pending" or "waiting".
[[nodiscard]] std::string moment_of(const Lease& lease);
// "create_fleet" for "CreateFleet", "get_run" for "GET /repos/o/r/actions/runs/17", "ask" for
// "api POST /v1/leases", "ledger_update" for "ledger.update"; empty: none that has situations.
[[nodiscard]] std::string short_name(std::string_view call);

class Scout final : public Law {
 public:
  [[nodiscard]] std::string_view name() const override;
  void after(SimWorld& world, const Exchange& exchange) override;
  void look(SimWorld& world) override;
  void log_line(SimWorld& world, const CapturingLog::Line& line) override;
  void ledger_lost(SimWorld& world) override;

 private:
  struct Known {
    std::string label;
    RunId run_id = 0;
    InstanceId instance_id;
    WallTime deadline{};
    std::string moment;
    bool is_overdue = false;
  };

  void read_ledger(SimWorld& world);
  void read_faults(SimWorld& world);
  void note_fault(SimWorld& world, const Injection& injection);
  void note_interruption(SimWorld& world, const std::string& family);
  void note_deaths(SimWorld& world);
  void note_deadlines(SimWorld& world);
  void note_deadline(SimWorld& world, const Known& lease);
  void note_calendar(SimWorld& world);
  void note_request(SimWorld& world, const Exchange& exchange);
  void note_batch(SimWorld& world, const Exchange& exchange);
  void note_upstream(SimWorld& world, const Exchange& exchange);
  void note_refusal(SimWorld& world, const std::string& reason);
  void mark_all_live(SimWorld& world, const std::string& family);

  std::map<std::string, Known> leases_;         // by id, gone ones too
  std::map<std::string, int> bodies_;           // asks, by what was sent
  std::set<std::string> batches_;               // that were answered, by what was sent
  std::map<std::string, int> claims_answered_;  // by body
  std::uint64_t writes_seen_ = ~std::uint64_t{0};
  std::size_t faults_seen_ = 0;
  std::uint64_t deaths_seen_ = 0;
  std::optional<SteadyTime> died_at_;
  WallTime looked_at_{};
};

// Marks the situation of this name, if there is one.
void mark(SimWorld& world, std::string_view name);
// A run was cancelled: marks the moments that its leases were in.
void mark_cancelled(SimWorld& world, RunId run);
// A server died before or after this call.
void mark_killed(SimWorld& world, std::string_view call, bool is_done);

}  // namespace mayfly::lab::sim
