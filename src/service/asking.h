#pragma once

// The workflow's side: asking for runners and ringing the doorbell when it is done. What a caller
// says only chooses which of GitHub's facts to look at; the leases follow from those facts.
// Thread rule: safe from many threads.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "lease/places.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/doorbell.h"
#include "seam/log.h"
#include "service/demand.h"
#include "service/launcher.h"

namespace mayfly {

// The seed's create, in either of its shapes.
struct SeedAsk {
  std::string label;
  std::vector<Architecture> architectures;  // without duplicates, at least one
};

struct RunnersAsk {
  RepositoryName repository;
  RunId run_id = 0;
  int run_attempt = 0;                 // 0: the current one
  std::map<Architecture, int> counts;  // at least one runner
};

struct AskedLease {
  Lease lease;
  bool is_new = false;
};

// The code that says why an ended lease gives no runner any more.
[[nodiscard]] Code code_of_ended(const Lease& lease);

struct AskingSeams {
  Clock& clock;
  Log& log;
  Doorbell& doorbell;
  Ledger& ledger;
};

class Asking {
 public:
  Asking(const Config& config, const AskingSeams& seams, Demand& demand, Launcher& launcher)
      : config_(config), seams_(seams), demand_(demand), launcher_(launcher) {}

  [[nodiscard]] Result<std::vector<AskedLease>> create(const SeedAsk& ask);
  [[nodiscard]] Result<std::vector<AskedLease>> create(const RunnersAsk& ask);
  // Leases for jobs of a live run that wait, though nobody asked for them: all or none. The caller
  // has judged the run. The places are derived, or one is bare. why: "re-run", for the timeline. A
  // lease that exists and has not ended is no error.
  [[nodiscard]] Result<std::vector<AskedLease>> serve(const RepositoryConfig& repository,
                                                      const RunFacts& run,
                                                      const std::vector<Place>& places,
                                                      const std::string& why);
  // The leases of these labels are looked at now; nothing that is still needed ends. Unknown labels
  // are no error: the seed's stop job also runs when its setup never did.
  [[nodiscard]] Result<std::vector<Lease>> release_labels(const std::vector<std::string>& labels);
  [[nodiscard]] Result<Lease> release(const LeaseId& id);

  // Blocks until the lease is online or can no longer become so, at most until the deadline.
  [[nodiscard]] Result<Lease> wait_online(const LeaseId& id, SteadyTime deadline);

 private:
  [[nodiscard]] Result<std::vector<AskedLease>> reserve_and_launch(const std::vector<Lease>& wanted,
                                                                   const RunFacts& run,
                                                                   WallTime asked_at,
                                                                   const std::string& how);
  [[nodiscard]] Result<std::vector<std::optional<Lease>>> find_all(
      const std::vector<Lease>& wanted);
  [[nodiscard]] Status intend_all(std::vector<Lease>& fresh);
  [[nodiscard]] Result<std::vector<Reservation>> reserve(std::vector<Lease> fresh,
                                                         const RunFacts& run, WallTime asked_at,
                                                         const std::string& how);
  [[nodiscard]] std::map<LeaseId, AskedLease> launch(std::vector<Reservation> reservations);
  [[nodiscard]] Result<std::vector<AskedLease>> bind_and_create(const RepositoryConfig& repository,
                                                                const SeedAsk& ask,
                                                                WallTime asked_at);
  [[nodiscard]] Result<RunFacts> bind_allowed(const RepositoryConfig& repository,
                                              const std::vector<Architecture>& asked,
                                              const std::set<std::pair<RunId, Architecture>>& taken,
                                              std::vector<RunFacts>& runs);
  [[nodiscard]] Lease draft(const LeaseKey& key, const RunFacts& run, std::string label);
  [[nodiscard]] Status mark_released(Lease& lease);

  const Config& config_;
  AskingSeams seams_;
  Demand& demand_;
  Launcher& launcher_;
};

}  // namespace mayfly
