#pragma once

// Starting a machine for a lease: first the intent (intend), which the caller writes to the ledger,
// then the call (send), which settles the lease with what EC2 answered. What is sent is exactly the
// bytes of the intent, however often, so that a lost answer never becomes a second machine.
// Thread rule: safe from many threads; the ledger's compare-and-set keeps two senders apart.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "aws/ec2.h"
#include "config/config.h"
#include "lease/decide.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/log.h"
#include "service/images.h"
#include "service/launch_template.h"
#include "service/pool_book.h"

namespace mayfly {

struct LauncherSeams {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Ledger& ledger;
  aws::Ec2Client& ec2;
};

class Launcher {
 public:
  Launcher(const Config& config, const LauncherSeams& seams, Images& images,
           LaunchTemplates& templates)
      : config_(config),
        seams_(seams),
        images_(images),
        templates_(templates),
        pools_({seams.clock, seams.log, seams.ledger}) {}

  // Which pools a launch names: those that the memory of pools leaves, or all there are.
  enum class Pools { usable, all };
  // Fills lease.launch with the next intent. Not yet written.
  [[nodiscard]] Status intend(Lease& lease, bool on_demand, Pools pools = Pools::usable);
  // One intent for all of them, which one call then launches machines for: EC2 takes few calls a
  // second. They are of one run and architecture, and none has been launched yet; they must be
  // written all or none.
  [[nodiscard]] Status intend_together(const std::vector<Lease*>& leases, bool on_demand);

  // A fresh intent was written by this caller just now; a resent one may have been carried out
  // before.
  enum class Intent { fresh, resent };
  // Sends the pending intent of a lease as the ledger holds it. Where it finds no capacity, pools
  // that it left out are tried as well, then on-demand where the policy allows. Writes what came of
  // it and returns the lease as written. An answer that stays unknown leaves the intent pending for
  // the sweep; that is no error.
  [[nodiscard]] Result<Lease> send(Lease lease, Intent intent);
  // The same for leases of one intent: one call, of whose answer each takes the machine of its
  // place. For whom it has none one is looked for as send() does, each for itself. In their order.
  [[nodiscard]] std::vector<Result<Lease>> send_together(std::vector<Lease> leases, Intent intent);

  // Whether its next launch asks for on-demand at once: the policy, or interruptions, say so.
  [[nodiscard]] bool starts_on_demand(const Lease& lease) const;
  // EC2 took the spot machine of this launch back.
  void note_interrupted(const Launch& launch);

 private:
  struct Answer;
  struct Try {
    bool on_demand = false;
    Pools pools = Pools::usable;
    const char* stamp = "";
  };
  // What to ask next after a launch that found no capacity; none: nothing is left.
  [[nodiscard]] std::optional<Try> after_no_capacity(const Lease& lease) const;
  [[nodiscard]] std::vector<Pool> pools_for(Architecture architecture, bool on_demand) const;
  [[nodiscard]] Status intend_for(const std::vector<Lease*>& leases, bool on_demand, Pools pools);
  [[nodiscard]] Answer ask(const Lease& lease, Intent intent);
  [[nodiscard]] Result<const aws::LaunchedInstance*> free_machine(const Lease& lease,
                                                                  const aws::FleetResult& answer);
  // Those that the answer has a machine for, as many in one transaction as it takes. Whoever is not
  // among what comes back settles alone.
  [[nodiscard]] std::map<LeaseId, Lease> settle_at_once(const std::vector<Lease>& leases,
                                                        const aws::FleetResult& answer);
  [[nodiscard]] Result<Lease> settle(Lease lease, Answer answer);
  void take(Decision& decision, const aws::LaunchedInstance& machine);
  [[nodiscard]] Result<Lease> on_machine(Lease lease, const aws::LaunchedInstance& machine);
  [[nodiscard]] Result<Lease> on_no_capacity(Lease lease, const std::string& why);
  [[nodiscard]] Result<Lease> on_refusal(Lease lease, const Error& error);
  using Settle = std::function<Status(Decision&)>;
  [[nodiscard]] Result<Lease> write(Lease lease, const Settle& settle);

  const Config& config_;
  LauncherSeams seams_;
  Images& images_;
  LaunchTemplates& templates_;
  PoolBook pools_;
};

}  // namespace mayfly
