#pragma once

// What the world says about one lease at one moment, as the sweep gathered it. Each fact can be
// unknown: a call failed or was not made. Nothing destructive ever follows from an unknown fact.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "lease/lease.h"

namespace mayfly {

// EC2's view of the lease's machine, from a complete list of the deployment's instances.
enum class MachineSeen {
  unknown,  // the list failed
  absent,   // not in the complete list (which may lag a launch: facts.md D20)
  alive,    // pending or running
  ending,   // shutting down or stopping
  ended,    // terminated
};

// GitHub's view of the lease's runner, from a complete list of the scope's runners.
enum class RunnerSeen { unknown, absent, offline, online, busy };

// GitHub's view of the run that the lease serves.
enum class RunSeen { unknown, live, over };

// Whether jobs of the run carry this lease's labels.
enum class DemandSeen {
  unknown,   // not asked, or the call failed
  none_yet,  // no job with these labels (jobs behind `needs` do not exist yet: facts.md 0)
  open,      // at least one is not completed
  served,    // at least one, and all are completed
};

// What the jobs of the lease's run say of its runner. An idle runner is at none of them, and
// neither is one that another run's job was given to: labels are public.
enum class JobSeen {
  unknown,  // not asked, or the call failed
  none,     // no job of the run names the runner
  at_work,  // one does, and is not completed
  done,     // one does, and is completed
};

struct MachineFact {
  MachineSeen seen = MachineSeen::unknown;
  InstanceId instance_id;  // as found by tag, also before the lease knows it
  std::string instance_type;
  std::string zone;
  std::string subnet;
  bool on_demand = false;
  WallTime launched_at{};
  std::string reason;  // EC2's state reason code
};

struct LeaseFacts {
  MachineFact machine;
  RunnerSeen runner = RunnerSeen::unknown;
  RunSeen run = RunSeen::unknown;
  DemandSeen demand = DemandSeen::unknown;
  JobSeen job = JobSeen::unknown;
  // Others of its batch have had the launch's answer, and none of them a machine of it: sent again,
  // it would start machines for them as well.
  bool is_launch_refused = false;
};

}  // namespace mayfly
