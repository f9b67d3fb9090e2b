#pragma once

// What the ledger knows of leases, read for the reports: each with its stamps and machines. One
// read of the leases and two for each of them, so a report over many leases of a DynamoDB ledger
// takes a while (some 10 ms a lease); a file answers 10,000 in a second.
//
// Errors: those of the ledger's reads; a history is whole or not there.

#include <functional>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace mayfly::report {

struct History {
  Lease lease;
  std::vector<LeaseEvent> events;  // by time
  std::vector<MachineRecord> machines;
};

// [from, until)
struct Window {
  WallTime from{};
  WallTime until = WallTime::max();

  [[nodiscard]] bool contains(WallTime t) const { return from <= t && t < until; }
};

// The whole month that t lies in, UTC.
[[nodiscard]] Window month_of(WallTime t);
// "2026-11"; none for anything else.
[[nodiscard]] std::optional<Window> parse_month(std::string_view text);

// No lease lives longer than GitHub lets a job take (facts.md A2): what a machine of the window
// costs may belong to a lease that was made so long before it.
inline constexpr Millis k_lease_lifetime_max = std::chrono::hours{24 * 6};
inline constexpr int k_leases_read_max = 200'000;

struct Histories {
  std::vector<History> all;  // newest first
  bool is_cut = false;       // there are older ones of the window that were not read
};

// How many were read, of how many: called now and then.
using Progress = std::function<void(std::size_t read, std::size_t of)>;

// Leases whose machines may fall into the window; at most count_max, the newest of them.
[[nodiscard]] Result<Histories> read_histories(Ledger& ledger, const Window& window,
                                               int count_max = k_leases_read_max,
                                               const Progress& progress = {});
// One lease's; the lease itself is passed through.
[[nodiscard]] Result<History> read_history(Ledger& ledger, Lease lease);

}  // namespace mayfly::report
