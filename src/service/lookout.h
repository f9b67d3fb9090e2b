#pragma once

// Runs whose jobs wait for a runner of ours though nobody asked for one. Later attempts of runs
// that we served (GitHub does not run their setup job again), however long ago that was, and, where
// the owner lets webhooks ask (RepositoryConfig::webhook), any run whose jobs name a derived label.
// A hint makes it look at one run at once; and it lists the live runs of all repositories, which
// needs no hint and nothing remembered: every 30 s, or as rarely as an eighth of the calls that we
// may make to GitHub allows. The lists are asked for with ETags. What GitHub says of run and jobs
// decides, through the same policy and caps as an ask.
//
// Where the owner wants it (RepositoryConfig::cancel_unserved), a run with a job that waits in vain
// is cancelled at GitHub, so that it turns red: when the job's lease has failed and no other comes,
// or after a while, when policy, caps or money refuse it. The reason is in the log before GitHub is
// told, and on the lease's timeline where there is a lease.
//
// Thread rule: one caller at a time per object; the hints may be added to by others.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/log.h"
#include "service/asking.h"
#include "service/demand.h"
#include "service/hints.h"
#include "service/redeliverer.h"
#include "service/rerunner.h"

namespace mayfly {

struct LookoutSeams {
  Clock& clock;
  Log& log;
  Ledger& ledger;
};

class Lookout {
 public:
  // demand: its calls serve the sweep.
  Lookout(const Config& config, const LookoutSeams& seams, Demand& demand, Asking& asking,
          Hints& hints, Redeliverer& redeliverer)
      : config_(config),
        seams_(seams),
        demand_(demand),
        asking_(asking),
        hints_(hints),
        redeliverer_(redeliverer),
        rerunner_(config, {seams.clock, seams.log, seams.ledger}, demand) {}

  struct Trouble {
    std::string doing;
    Error error;
  };
  // Hints first, then the round, then what was not delivered, for as long as there is time. Stops
  // where GitHub does not answer, or no more may be asked of it: what is left is looked at next
  // time.
  [[nodiscard]] std::vector<Trouble> look(SteadyTime until);
  // The hints alone.
  [[nodiscard]] std::vector<Trouble> work_off_hints(SteadyTime until);

 private:
  using Attempt = std::tuple<std::string, RunId, int>;  // of a repository
  struct Found {
    Place place;
    std::vector<Lease> known;
  };

  [[nodiscard]] bool may_go_on(SteadyTime until) const;
  void list_round(SteadyTime until);
  void note(const std::string& doing, const Error& error);
  void look_at(const RepositoryConfig& repository, const RunFacts& run);
  [[nodiscard]] bool may_be_wanted(const RepositoryConfig& repository, const RunFacts& run) const;
  [[nodiscard]] std::size_t look_back(SteadyTime until);
  void note_failed(const std::vector<Lease>& recent);
  [[nodiscard]] Status serve(const RepositoryConfig& repository, const RunFacts& run,
                             const std::vector<JobFacts>& jobs);
  [[nodiscard]] Status give_up_failed(const RepositoryConfig& repository, const RunFacts& run,
                                      const std::vector<JobFacts>& jobs);
  [[nodiscard]] Status give_up_refused(const RepositoryConfig& repository, const RunFacts& run,
                                       const std::vector<JobFacts>& jobs, const Error& refusal);
  [[nodiscard]] Status cancel(const RepositoryConfig& repository, const RunFacts& run,
                              const std::string& reason, const Lease* lease);
  [[nodiscard]] Result<std::vector<Lease>> leases_of(const RepositoryConfig& repository,
                                                     const RunFacts& run, const std::string& label);
  [[nodiscard]] Result<std::vector<Found>> places_of(const RepositoryConfig& repository,
                                                     const RunFacts& run,
                                                     const std::vector<JobFacts>& jobs);
  [[nodiscard]] Status fill(const RepositoryConfig& repository, const RunFacts& run,
                            const std::vector<Place>& alike);
  [[nodiscard]] Result<int> free_index(const RepositoryConfig& repository, const RunFacts& run,
                                       const Place& place, const std::vector<Place>& wanted);
  // Once for each attempt and code, as long as it is remembered.
  void say_waiting(const RepositoryConfig& repository, const RunFacts& run, const Error& error);

  const Config& config_;
  LookoutSeams seams_;
  Demand& demand_;
  Asking& asking_;
  Hints& hints_;
  Redeliverer& redeliverer_;
  Rerunner rerunner_;
  std::vector<Trouble> troubles_;  // of the look that is going on
  bool github_answers_ = true;     // likewise
  std::deque<std::pair<const RepositoryConfig*, RunFacts>> to_look_at_;  // of the last round
  SteadyTime next_round_{};
  std::map<Attempt, Code> said_;                    // bounded
  std::set<std::pair<std::string, RunId>> failed_;  // runs of leases that failed lately
  std::set<Attempt> cancelled_;                     // bounded; by this process
};

}  // namespace mayfly
