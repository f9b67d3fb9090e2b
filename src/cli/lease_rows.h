#pragma once

// Leases as rows of a table, and what has changed between two looks at them. Pure.

#include <map>
#include <string>
#include <vector>

#include "lease/lease.h"

namespace mayfly::cli {

// "busy", "gone (job-done)"
[[nodiscard]] std::string state_of(const Lease& lease);
// The whole table with its heading; empty without leases.
[[nodiscard]] std::string leases_table(const std::vector<Lease>& leases, WallTime now);

// Told what is there now and again, names what is new or in another state, and what has left.
class Changes {
 public:
  struct Change {
    Lease lease;  // as it is; of one that has left, as it was
    bool has_left = false;
  };
  // In the order of now; then those that have left.
  [[nodiscard]] std::vector<Change> since_last(const std::vector<Lease>& now);

 private:
  std::map<LeaseId, Lease> last_;
};

// "12:00:05  l-...  busy  rr-debugger/rr 42/1 x86_64  c5.9xlarge us-east-2a spot"
[[nodiscard]] std::string change_line(const Changes::Change& change, WallTime now);

}  // namespace mayfly::cli
