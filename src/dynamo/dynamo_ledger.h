#pragma once

// The ledger in one DynamoDB table, for Lambda and for several servers at once: docs/adr/0015.
// Where what lies is in rows.h. Every write is one transaction: the leases where their version is
// the one that was read, and with them the books where their revision is, so that no two writers
// can pass a cap together. Who loses reads again, for up to ten seconds. An answer that was lost is
// asked for again with the same token, and then looked for in what is there.
//
// Beside ledger.h: one reserve() takes so many new leases as one transaction decides on (99), else
// limit_run. Throttling that lasts, and an answer that stays away, is
// ledger_unavailable; then what was written may be there all the same, as after a lost answer of
// any ledger behind a network. What is gone for 90 days is deleted, and no longer found.
// Thread rule: safe from many threads; nothing is kept between calls.

#include <vector>

#include "dynamo/books.h"
#include "dynamo/store.h"
#include "ledger/ledger.h"

namespace mayfly {

class DynamoLedger final : public Ledger {
 public:
  DynamoLedger(aws::DynamoDbClient& client, Clock& clock, Entropy& entropy)
      : store_(client, clock, entropy) {}

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
  // What one try of an operation came to: an answer, or nothing because others were in its way.
  template <class T>
  using Try = Result<std::optional<T>>;
  struct Operation {
    std::string writer;
    int tries = 0;
    SteadyTime deadline{};
  };
  // The relaunch's part of an update; none: a plain one.
  struct Relaunch {
    const Caps& caps;
    WallTime now;
  };

  // one(operation): one try, Try<T>. Again until it has an answer or the time is up.
  template <class T, class One>
  Result<T> repeat(const One& one);

  Try<std::vector<Reservation>> try_reserve(const Operation& operation,
                                            const std::vector<Lease>& asked,
                                            const std::vector<LeaseEvent>& events, const Caps& caps,
                                            WallTime now);
  Try<std::vector<Lease>> try_update(const Operation& operation, const std::vector<Update>& updates,
                                     const std::optional<Relaunch>& relaunch);
  // bounded: by k_events_max. once: not if one of that name and detail is there.
  Try<bool> try_append(const Operation& operation, const LeaseEvent& event, bool once);
  [[nodiscard]] Result<std::vector<aws::Write>> move_seed_label(const dynamo::Books& books,
                                                                const Lease& lease,
                                                                SteadyTime deadline);
  // part: which of the try's transactions it is.
  [[nodiscard]] Result<dynamo::CommitResult> commit(const Operation& operation,
                                                    std::vector<aws::Write> writes,
                                                    std::size_t part = 0);
  [[nodiscard]] Result<std::vector<Lease>> read_leases(const std::vector<LeaseId>& ids,
                                                       SteadyTime deadline);
  [[nodiscard]] Result<std::vector<Lease>> read_indexed(const std::string& pk, int count_max,
                                                        const std::vector<Lease>& known);
  [[nodiscard]] Result<dynamo::Books> read_books();

  dynamo::Store store_;
};

}  // namespace mayfly
