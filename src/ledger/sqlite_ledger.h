#pragma once

// The ledger in one SQLite file: the default. WAL and full sync, so that what was acknowledged
// survives kill -9 and power loss. Several processes may share the file (the operator's commands
// read it while the service runs). The schema is in schema.cpp, versioned; a file of a newer mayfly
// is refused with ledger_version.

#include <memory>
#include <mutex>
#include <string>

#include "ledger/ledger.h"
#include "ledger/sqlite.h"

namespace mayfly {

class SqliteLedger final : public Ledger {
 public:
  // path ":memory:" lives as long as the object.
  [[nodiscard]] static Result<std::unique_ptr<SqliteLedger>> open(const std::string& path);

  Result<std::vector<Reservation>> reserve(const std::vector<Lease>& asked,
                                           const std::vector<LeaseEvent>& events, const Caps& caps,
                                           WallTime now) override;
  Result<std::optional<Lease>> find(const LeaseId& id) override;
  Result<std::vector<Lease>> find_by_label(const RepositoryName& repository,
                                           const std::string& label) override;
  Result<std::vector<Lease>> live() override;
  Result<std::vector<Lease>> recent(int count_max) override;
  Result<std::vector<Lease>> recent_again(int count_max, const std::vector<Lease>& known) override;
  Result<std::vector<Lease>> update_all(const std::vector<Update>& updates) override;
  Result<Lease> launch_again(const Lease& lease, const std::vector<LeaseEvent>& events,
                             const Caps& caps, WallTime now) override;
  Result<std::optional<LaunchPause>> launch_pause(const Caps& caps, WallTime now) override;
  Result<Usage> usage(const Caps& caps, WallTime now) override;
  Status append(const LeaseEvent& event) override;
  Status append_once(const LeaseEvent& event) override;
  Result<std::vector<LeaseEvent>> refusals() override;
  Result<std::vector<LeaseEvent>> events(const LeaseId& id) override;
  Result<std::vector<MachineRecord>> machines(const LeaseId& id) override;
  Result<std::optional<LeaseId>> lease_of(const InstanceId& machine) override;
  Result<Audit> audit() override;
  Result<std::optional<std::string>> fact(const std::string& name) override;
  Status set_fact(const std::string& name, const std::string& value) override;

 private:
  explicit SqliteLedger(sqlite::Database database) : database_(std::move(database)) {}
  // Within the caller's transaction.
  [[nodiscard]] Result<Lease> replace(const Lease& lease, const std::vector<LeaseEvent>& events,
                                      const std::optional<MachineRecord>& machine);

  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace mayfly
