#pragma once

// EC2's token buckets, per account and region (facts.md B4). Not thread-safe.

#include <cstdint>
#include <map>

#include "base/time.h"

namespace mayfly::lab {

enum class Bucket {
  non_mutating,         // 100, 20 a second
  unfiltered,           // 50, 10: a listing without filter, ids or MaxResults
  mutating,             // 50, 5
  run_instances,        // 5, 2
  terminate_instances,  // 100, 5
  create_tags,          // 100, 10
  modify_metadata,      // 100, 5
  launched_machines,    // 1000, 2: one token an instance
  terminated_machines,  // 1000, 20: one token an instance
};

class Throttle {
 public:
  // False, and nothing taken, when the bucket holds fewer.
  [[nodiscard]] bool take(Bucket bucket, std::int64_t tokens, SteadyTime now);
  // Takes as many as there are, at most so many.
  void drain(Bucket bucket, std::int64_t tokens, SteadyTime now);

 private:
  struct Level {
    std::int64_t thousandths = 0;
    SteadyTime at{};
  };
  Level& level_at(Bucket bucket, SteadyTime now);

  std::map<Bucket, Level> levels_;
};

}  // namespace mayfly::lab
