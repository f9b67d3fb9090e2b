#pragma once

// The writes that changes of the ledger consist of, and what they read first. Pure: from items that
// were read to writes that hold only if nobody changed those meanwhile.

#include <string>
#include <vector>

#include "dynamo/books.h"
#include "dynamo/rows.h"
#include "dynamo/store.h"

namespace mayfly::dynamo {

struct BooksRead {
  Books books;
  std::int64_t rev = 0;  // 0: there are none yet
};

// nullptr: it was not there.
[[nodiscard]] const aws::Item* find_item(const Items& items, const aws::ItemKey& key);
[[nodiscard]] Result<BooksRead> read_books(const Items& items);
[[nodiscard]] aws::Write write_books(const BooksRead& read, const Books& books);

// Of the items of one lease: its stamps in order of time, then of writing.
[[nodiscard]] Result<std::vector<LeaseEvent>> parse_stamps(const std::vector<aws::Item>& items);
// How many stamps a lease has. Read from its timeline, and until it has one from the lease.
struct Timeline {
  std::int64_t count = 0;
  bool exists = false;
  std::string writer;
};
[[nodiscard]] Result<Timeline> read_timeline(const Items& items, const LeaseId& id);
// The stamps of one lease, with the copies of those that are refusals, and the new count.
void write_events(std::vector<aws::Write>& writes, const Timeline& timeline,
                  const std::vector<LeaseEvent>& events, const std::string& writer);

// A new lease with its own of the stamps: one write, two for a seed lease, and one for each stamp
// that is a refusal.
void write_new_lease(std::vector<aws::Write>& writes, const Lease& lease,
                     const std::vector<LeaseEvent>& events, const std::string& writer);
// What a new lease is found by. They may be written before it: what they name is looked for.
void write_pointers(std::vector<aws::Write>& writes, const Lease& lease);
// In the order in which they are to be done; the last one decides, and holds all of the writes. So
// many pointers as do not fit into it go ahead: one that points at nothing does no harm.
[[nodiscard]] std::vector<std::vector<aws::Write>> in_transactions(std::vector<aws::Write> pointers,
                                                                   std::vector<aws::Write> writes);
// In place of the item that was read, of the version before; first of its transaction by custom.
[[nodiscard]] aws::Write write_lease(const aws::Item& before, const Lease& after,
                                     const std::string& writer);

// An update's writes but that of the books, which are changed: of its lease, as it is to be, its
// stamps, and its machine. The items: those of the lease and the machine before.
[[nodiscard]] Status write_update(std::vector<aws::Write>& writes, Books& books, const Items& items,
                                  const Update& update, const std::string& writer);

// What a machine's record becomes: once ended it stays so, and what it spent never shrinks.
[[nodiscard]] MachineRecord merged(const std::optional<MachineRecord>& before,
                                   const MachineRecord& machine);

}  // namespace mayfly::dynamo
