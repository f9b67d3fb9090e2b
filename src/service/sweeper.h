#pragma once

// The sweep: list the cloud, list the ledger, ask GitHub, decide, act. Level-triggered: it derives
// everything from what is there, so that a lost event, a crash or a skipped sweep costs time only.
// The cloud is listed before the ledger: an instance that no lease of a later ledger read wants is
// an orphan for certain, because its intent was written before its launch.
//
// A sweep must come round in time for the next deadline, however slow GitHub or EC2 are: machines
// past their deadline are terminated first, and leases that this sweep has no time for, or may not
// ask GitHub about any more, go first in the next.
//
// Thread rule: one sweep at a time per object; several processes may sweep one ledger.

#include <string>
#include <vector>

#include "aws/ec2.h"
#include "config/config.h"
#include "github/client.h"
#include "lease/decide.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"
#include "service/demand.h"
#include "service/launcher.h"
#include "service/lookout.h"
#include "service/observer.h"

namespace mayfly {

struct SweepReport {
  int leases = 0;      // live ones looked at
  int instances = 0;   // alive in the cloud with our deployment tag; -1: the list failed
  int changed = 0;     // leases written
  int terminated = 0;  // instances told to terminate
  int orphans = 0;     // of those, without a lease that wants them
  int runners_removed = 0;
  Millis overdue{0};  // of the lease furthest past its deadline whose machine may still live
  std::vector<std::string> problems;  // in words; a sweep goes on past each
};

struct SweeperSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
  github::GithubClient& github;
  aws::Ec2Client& ec2;
};

class Sweeper {
 public:
  Sweeper(const Config& config, const SweeperSeams& seams, Demand& demand, Launcher& launcher,
          Lookout& lookout);

  [[nodiscard]] SweepReport sweep();

 private:
  void treat_all(const std::vector<Lease>& leases);
  void treat(Lease lease);
  [[nodiscard]] Result<std::optional<std::string>> why_no_place(const Lease& lease);
  void end_surplus(const Lease& lease, const std::string& reason);
  void act(Lease& lease, Act act);
  void launch_anew(Lease& lease);
  void wait_to_launch(const Lease& lease, const Error& refusal);
  void resend_all();
  void retire(Lease& lease, Act act);
  void remove_runner(Lease& lease);
  void disable_metadata(Lease& lease);
  [[nodiscard]] Millis furthest_overdue(const std::vector<Lease>& leases);
  void end_overdue();
  void find_orphans(const std::vector<Lease>& leases);
  void terminate_all();
  void remove_stray_runners();
  void look_out();
  [[nodiscard]] Result<RunnerId> runner_id_of(const Lease& lease);
  [[nodiscard]] bool write(const Lease& before, Decision& decision);
  void trouble(const std::string& doing, const Error& error);

  const Config& config_;
  SweeperSeams seams_;
  Launcher& launcher_;
  Lookout& lookout_;
  SweepPolicy policy_;
  Observer observer_;
  SweepReport report_;                    // of the sweep that is going on
  std::vector<InstanceId> to_terminate_;  // likewise
  std::map<ClientToken, std::vector<Lease>> to_resend_;
  std::size_t next_lease_ = 0;  // where the next sweep begins in the list
};

}  // namespace mayfly
