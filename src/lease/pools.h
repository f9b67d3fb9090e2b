#pragma once

// What is remembered of the pools that machines come from: an instance type in a subnet, at spot or
// on-demand. EC2 chooses among those that a launch names (price-capacity-optimized); a pool that
// had nothing a moment ago, or from which EC2 takes machines back again and again, is not named for
// a while. Pure. It is a hint: where nothing else is left all pools are named, and a memory that is
// lost or cannot be read is an empty one. So no lease waits, or fails, because of it.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace mayfly {

struct Pool {
  std::string instance_type;
  std::string subnet;
  bool on_demand = false;
  auto operator<=>(const Pool&) const = default;
};

struct PoolPolicy {
  // Without capacity: for so long the first time, twice as long each further time in a row.
  Millis exhausted_first{std::chrono::minutes{2}};
  Millis exhausted_longest{std::chrono::minutes{30}};
  // So long after its end a spell of exhaustion is forgotten: the next one is a first again.
  Millis exhausted_memory{std::chrono::hours{1}};
  // The breaker on interruptions: as many within this time, then so long without the pool.
  int interruptions_max = 3;
  Millis interruptions_within{std::chrono::minutes{30}};
  Millis interrupted_for{std::chrono::minutes{30}};
};

struct PoolRecord {
  int exhausted = 0;  // times in a row
  WallTime exhausted_until{};
  std::vector<WallTime> interruptions;  // oldest first, no more than can matter
  WallTime interrupted_until{};

  [[nodiscard]] bool is_avoided(WallTime now) const {
    return now < exhausted_until || now < interrupted_until;
  }
};

inline constexpr std::size_t k_pools_max = 300;  // as many as one CreateFleet may name

class PoolMemory {
 public:
  // EC2 said that the pool has nothing.
  void note_exhausted(const Pool& pool, WallTime now, const PoolPolicy& policy = {});
  // A machine came from it.
  void note_launched(const Pool& pool);
  // EC2 took a machine of it back.
  void note_interrupted(const Pool& pool, WallTime now, const PoolPolicy& policy = {});
  // What no longer matters to anything.
  void forget_old(WallTime now, const PoolPolicy& policy = {});

  // Those of the pools to name in a launch, in their order; all of them where all are avoided.
  [[nodiscard]] std::vector<Pool> usable(const std::vector<Pool>& pools, WallTime now) const;

  [[nodiscard]] const std::map<Pool, PoolRecord>& records() const { return records_; }
  bool operator==(const PoolMemory& other) const { return to_text() == other.to_text(); }

  // JSON, for the ledger. What cannot be read, or is too much, is an empty memory.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static PoolMemory from_text(std::string_view text);

 private:
  PoolRecord& record_of(const Pool& pool);

  std::map<Pool, PoolRecord> records_;
};

}  // namespace mayfly
