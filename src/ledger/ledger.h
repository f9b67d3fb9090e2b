#pragma once

// The durable record of leases, money and intents. Every write is one transaction, on disk when the
// call returns; every change of a lease is a compare-and-set on its version, so two servers on one
// ledger cannot both act on the same state. Thread rule: safe from many threads.
//
// Errors: ledger_unavailable (nothing was written), lease_conflict (the version moved on), and the
// limit codes of lease/admission.h.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lease/admission.h"
#include "lease/lease.h"

namespace mayfly {

struct Reservation {
  Lease lease;
  bool is_new = false;
};

// A lease as it is to be, its version the one that it was read with, and what goes with it.
struct Update {
  Lease lease;
  std::vector<LeaseEvent> events;
  std::optional<MachineRecord> machine = std::nullopt;
};

struct Audit {
  std::int64_t leases = 0;
  std::int64_t leases_live = 0;
  std::int64_t launched = 0;      // machines ever known
  std::int64_t ended = 0;         // of those, confirmed ended
  std::int64_t runners_left = 0;  // leases whose runner is not confirmed off GitHub
  Money spent;                    // by ended machines
  Money reserved;                 // by live leases
};

class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  virtual ~Ledger() = default;

  // All or none, in one transaction. A lease whose id exists comes back as it is (is_new false);
  // for the others the caps are checked (admit) and they are inserted with their events, one launch
  // counted for each. All are of one repository, run and source. Refused with lease_conflict: a
  // new seed lease whose (run, attempt, architecture) has a seed lease already, and a batch
  // (Launch::batch) of which one lease exists and another does not.
  [[nodiscard]] virtual Result<std::vector<Reservation>> reserve(
      const std::vector<Lease>& asked, const std::vector<LeaseEvent>& events, const Caps& caps,
      WallTime now) = 0;

  [[nodiscard]] virtual Result<std::optional<Lease>> find(const LeaseId& id) = 0;
  // Newest first.
  [[nodiscard]] virtual Result<std::vector<Lease>> find_by_label(const RepositoryName& repository,
                                                                 const std::string& label) = 0;
  // Everything that is not gone, oldest first.
  [[nodiscard]] virtual Result<std::vector<Lease>> live() = 0;
  // Newest first, gone ones included.
  [[nodiscard]] virtual Result<std::vector<Lease>> recent(int count_max) = 0;
  // Likewise, for who has read them before: what was gone then is taken from there, for it stays as
  // it is, and is not read again.
  [[nodiscard]] virtual Result<std::vector<Lease>> recent_again(
      int count_max, const std::vector<Lease>& known) = 0;

  // Writes each lease if its stored version is lease.version, and answers with the new versions;
  // the events, the machine's record and what the lease says of its newest launch
  // (outcome_of_launch; the first one stands) go with it. A machine is one lease's for ever: the
  // record of one that another lease has is refused with lease_conflict. All or none, in one
  // transaction; no lease or machine twice, and at most k_updates_max with one event each.
  [[nodiscard]] virtual Result<std::vector<Lease>> update_all(
      const std::vector<Update>& updates) = 0;
  // Of one lease, with up to a dozen events.
  [[nodiscard]] Result<Lease> update(const Lease& lease, const std::vector<LeaseEvent>& events,
                                     const std::optional<MachineRecord>& machine);
  // Likewise, with the intent of one more launch of its own: refused as admit_launches() says, and
  // then nothing is written. The on-demand try after a lack of spot capacity is no launch of its
  // own: update() writes it.
  [[nodiscard]] virtual Result<Lease> launch_again(const Lease& lease,
                                                   const std::vector<LeaseEvent>& events,
                                                   const Caps& caps, WallTime now) = 0;
  // Whether new launches pause now, because the last ones failed.
  [[nodiscard]] virtual Result<std::optional<LaunchPause>> launch_pause(const Caps& caps,
                                                                        WallTime now) = 0;
  // What the caps are held against now. What it counts of one repository, run, actor or head is
  // that of none.
  [[nodiscard]] virtual Result<Usage> usage(const Caps& caps, WallTime now) = 0;
  // A stamp alone. At most k_events_max per lease are kept, so that a machine cannot fill the disk;
  // the first that is left out leaves a refusal (lease/lease.h) instead.
  [[nodiscard]] virtual Status append(const LeaseEvent& event) = 0;
  // A stamp, once for each name and detail of a lease, however many others there are. The caller
  // draws both from a fixed set, which bounds them.
  [[nodiscard]] virtual Status append_once(const LeaseEvent& event) = 0;

  [[nodiscard]] virtual Result<std::vector<LeaseEvent>> events(const LeaseId& id) = 0;
  // The refusals on all timelines, newest first. Reads every stamp there is: for the operator.
  [[nodiscard]] virtual Result<std::vector<LeaseEvent>> refusals() = 0;
  [[nodiscard]] virtual Result<std::vector<MachineRecord>> machines(const LeaseId& id) = 0;
  // Whose the machine is, or was; none: no lease has it.
  [[nodiscard]] virtual Result<std::optional<LeaseId>> lease_of(const InstanceId& machine) = 0;
  [[nodiscard]] virtual Result<Audit> audit() = 0;

  // Small facts that outlive a process: launch template version, image ids.
  [[nodiscard]] virtual Result<std::optional<std::string>> fact(const std::string& name) = 0;
  [[nodiscard]] virtual Status set_fact(const std::string& name, const std::string& value) = 0;
};

inline constexpr int k_events_max = 200;
inline constexpr std::size_t k_updates_max = 16;

inline constexpr const char* k_machine_taken = "another lease has this machine";
inline constexpr const char* k_batch_broken = "some of the leases of a batch exist already";
// Whether some of a batch are new and others are not. The reservations are those of the asked.
[[nodiscard]] bool breaks_batch(const std::vector<Lease>& asked,
                                const std::vector<Reservation>& reservations);
// What recent_again() does not read again, by id. Valid as long as they are.
[[nodiscard]] std::map<LeaseId, const Lease*> settled_in(const std::vector<Lease>& known);

}  // namespace mayfly
