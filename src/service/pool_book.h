#pragma once

// The memory of pools (lease/pools.h) where it outlives a process: a fact of the ledger. Two
// processes that write at once may lose each other's note, which costs a call to EC2 and no more.
// What cannot be read or written is said in the log and forgotten. Thread rule: safe from many
// threads.

#include <vector>

#include "aws/ec2.h"
#include "lease/pools.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly {

struct PoolBookSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

class PoolBook {
 public:
  explicit PoolBook(const PoolBookSeams& seams) : seams_(seams) {}

  // Of these pools, those to name in a launch now.
  [[nodiscard]] std::vector<Pool> usable(const std::vector<Pool>& pools);
  // What EC2 answered to a launch.
  void note(const aws::FleetResult& answer, aws::Market asked);
  // EC2 took a machine back.
  void note_interrupted(const Pool& pool);

 private:
  [[nodiscard]] PoolMemory read();
  void write(PoolMemory memory, const PoolMemory& before);

  PoolBookSeams seams_;
};

// As the ledger remembers them, for who shows them.
[[nodiscard]] Result<PoolMemory> remembered_pools(Ledger& ledger);

}  // namespace mayfly
