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

// How many stamps a lease has, before and after.
struct Timeline {
  std::int64_t count = 0;
  bool exists = false;
  std::string writer;
};
[[nodiscard]] Result<Timeline> read_timeline(const Items& items, const LeaseId& id);
// The stamps of one lease, with the copies of those that are refusals, and the new count.
void write_events(std::vector<aws::Write>& writes, const Timeline& timeline,
                  const std::vector<LeaseEvent>& events, const std::string& writer);

// A new lease, and all by which it is found; with its own of the stamps.
void write_new_lease(std::vector<aws::Write>& writes, const Lease& lease,
                     const std::vector<LeaseEvent>& events, const std::string& writer);
// In place of the version before; first of its transaction by custom.
[[nodiscard]] aws::Write write_lease(const Lease& before, const Lease& after,
                                     const std::string& writer);

// What a machine's record becomes: once ended it stays so, and what it spent never shrinks.
[[nodiscard]] MachineRecord merged(const std::optional<MachineRecord>& before,
                                   const MachineRecord& machine);

}  // namespace mayfly::dynamo
