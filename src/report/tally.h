#pragma once

// What this process has done to leases since it began, counted at the ledger: what was written, and
// how long runners took that came online meanwhile. For metrics: counts start at zero with the
// process, and several servers on one ledger each count their own. Thread rule: safe from many
// threads; no lock is held across a call.

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "ledger/ledger.h"
#include "report/exposition.h"
#include "report/stages.h"

namespace mayfly::report {

struct Tallied {
  std::map<std::string, std::int64_t> events;  // by stamp; names of a fixed set, else "other"
  std::map<Outcome, std::int64_t> ended;       // leases that began to end
  std::map<Architecture, Histogram> runner;    // from the ask until online
  std::map<Stage, Histogram> stages;           // of those runners
};

class Tally {
 public:
  void note_stamp(const LeaseEvent& event);
  void note_end(Outcome outcome);
  void note_runner(Architecture architecture, const Journey& journey);
  [[nodiscard]] Tallied get() const;

 private:
  mutable std::mutex mutex_;
  Tallied tallied_;
};

// Whether one more runner has come online with these stamps, of which the last was just written:
// the first that shows it.
[[nodiscard]] bool has_just_come_online(const std::vector<LeaseEvent>& by_time);

// The ledger behind it, counted. One more read of the stamps for each runner that comes online.
class CountingLedger final : public Ledger {
 public:
  using OnRunner = std::function<void(const Lease&, const Journey&)>;

  // on_runner is called by the thread that wrote the stamp; it may be empty.
  CountingLedger(Ledger& behind, Tally& tally, OnRunner on_runner)
      : behind_(behind), tally_(tally), on_runner_(std::move(on_runner)) {}

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
  Result<std::vector<LeaseEvent>> events(const LeaseId& id) override;
  Result<std::vector<LeaseEvent>> refusals() override;
  Result<std::vector<MachineRecord>> machines(const LeaseId& id) override;
  Result<std::optional<LeaseId>> lease_of(const InstanceId& machine) override;
  Result<Audit> audit() override;
  Result<std::optional<std::string>> fact(const std::string& name) override;
  Status set_fact(const std::string& name, const std::string& value) override;

 private:
  void note(const std::vector<LeaseEvent>& events);
  void look_for_runner(const LeaseId& id, const std::vector<LeaseEvent>& written);

  Ledger& behind_;
  Tally& tally_;
  OnRunner on_runner_;
};

}  // namespace mayfly::report
