#pragma once

// Leases, machines and stamps as items of the table, and where each lies:
//
//   pk                     sk                          what
//   books                  books                       the books (books_text.h), rev
//   lease#ID               lease                       a lease, rev its version, its first stamps
//   lease#ID               timeline                    how many stamps it has, once it has more
//   lease#ID               event#MILLIS#NUMBER         a stamp; in order of time, then of writing
//   lease#ID               once#DIGEST                 that a stamp of append_once() is there
//   lease#ID               machine#INSTANCE            a machine's record
//   instance#INSTANCE      lease                       whose machine it is
//   leases                 MILLIS#ID                   every lease by its creation
//   label#REPOSITORY#LABEL MILLIS#ID                   likewise, of one label
//   seed#REPOSITORY#...    label                       that a run has a seed label
//   refusals               MILLIS#ID#NUMBER            a copy of a stamp that tells a refusal
//   fact#NAME              fact                        a small fact
//
// MILLIS has 15 digits, so that texts sort as times. "writer" names the operation that wrote an
// item: one whose answer was lost knows its own work by it. "expires_at" (epoch seconds) is the
// table's time to live: k_history after the time that the item is of; a lease has it once it is
// gone. Nothing decides by it, for DynamoDB may be days late.
//
// Reading is strict: an item that mayfly cannot have written is ledger_unavailable.

#include <string>
#include <vector>

#include "aws/dynamodb.h"
#include "lease/lease.h"

namespace mayfly::dynamo {

// GitHub lets a run be repeated for 30 days and lets it take 35: after this nobody asks again.
inline constexpr Millis k_history = std::chrono::hours{24 * 90};

[[nodiscard]] aws::ItemKey books_key();
[[nodiscard]] aws::ItemKey lease_key(const LeaseId& id);
[[nodiscard]] aws::ItemKey timeline_key(const LeaseId& id);
[[nodiscard]] aws::ItemKey once_key(const LeaseEvent& event);
[[nodiscard]] aws::ItemKey machine_key(const LeaseId& id, const InstanceId& instance);
[[nodiscard]] aws::ItemKey owner_key(const InstanceId& instance);
// Of the lease as a seed lease.
[[nodiscard]] aws::ItemKey seed_key(const Lease& lease);
[[nodiscard]] aws::ItemKey fact_key(const std::string& name);

inline constexpr const char* k_leases_pk = "leases";
inline constexpr const char* k_refusals_pk = "refusals";
[[nodiscard]] std::string label_pk(const RepositoryName& repository, const std::string& label);
inline constexpr const char* k_event_prefix = "event#";
inline constexpr const char* k_machine_prefix = "machine#";

[[nodiscard]] aws::Item item_at(const aws::ItemKey& key);
// Absent or of another type: none.
[[nodiscard]] std::optional<std::string> text_of(const aws::Item& item, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> number_of(const aws::Item& item, std::string_view name);

[[nodiscard]] aws::Item lease_item(const Lease& lease, const std::string& writer);
[[nodiscard]] Result<Lease> parse_lease(const aws::Item& item);
// The stamps that a lease was reserved with are in its own item, for good: so one transaction takes
// many new leases. All are of this lease.
void put_first_stamps(aws::Item& item, const std::vector<LeaseEvent>& events);
void keep_first_stamps(aws::Item& item, const aws::Item& before);
[[nodiscard]] Result<std::vector<LeaseEvent>> parse_first_stamps(const aws::Item& item);
[[nodiscard]] aws::Item machine_item(const MachineRecord& machine);
[[nodiscard]] Result<MachineRecord> parse_machine(const aws::Item& item);
// number: which of the lease's stamps it is.
[[nodiscard]] aws::Item event_item(const LeaseEvent& event, std::int64_t number);
[[nodiscard]] aws::Item refusal_item(const LeaseEvent& event, std::int64_t number);
[[nodiscard]] Result<LeaseEvent> parse_event(const aws::Item& item);
// Under "leases" or a label; names the lease.
[[nodiscard]] aws::Item index_item(const std::string& pk, const Lease& lease);
[[nodiscard]] Result<LeaseId> parse_index(const aws::Item& item);
// An item without content that expires with what is of that time.
[[nodiscard]] aws::Item marker_item(const aws::ItemKey& key, const LeaseId& lease, WallTime at);

}  // namespace mayfly::dynamo
