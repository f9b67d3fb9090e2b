#pragma once

// The second enforcer: reads nothing but instance tags, needs no ledger and no GitHub, and may run
// under a role of its own. It terminates what is past its deadline, and what has no believable one.

#include <string>
#include <vector>

#include "aws/ec2.h"
#include "lease/enforce.h"
#include "seam/clock.h"

namespace mayfly {

struct EnforcedInstance {
  InstanceId id;
  Enforcement why = Enforcement::keep;
  std::string problem;  // empty: told to terminate
};

struct StatelessReport {
  int instances = 0;  // alive, with the deployment's tag
  std::vector<EnforcedInstance> ended;
};

// An error when the list or the whole termination failed; then nothing is known to have ended.
[[nodiscard]] Result<StatelessReport> stateless_sweep(const std::string& deployment,
                                                      aws::Ec2Client& ec2, Clock& clock);

}  // namespace mayfly
