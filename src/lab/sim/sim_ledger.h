#pragma once

// The ledger as one server's process meets it: each method is a point where another fiber may go
// on, where the process may be killed before or after what it asked for, and where the disk may
// refuse. What lies behind is the real SqliteLedger in memory; its own survival of kill -9 is for
// tests with real processes to show. One thread.

#include <string>

#include "ledger/ledger.h"

namespace mayfly::lab::sim {

class Life;

class SimLedger final : public Ledger {
 public:
  explicit SimLedger(Life& life) : life_(life) {}

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
  enum class Access { read, write };
  template <class Fn>
  auto through(const char* method, Access access, Fn&& fn) -> decltype(fn());
  [[nodiscard]] Status enter(const char* method, Access access);
  void leave(const char* method, bool worked, Access access);

  Life& life_;
  [[nodiscard]] Ledger& books();
};

}  // namespace mayfly::lab::sim
