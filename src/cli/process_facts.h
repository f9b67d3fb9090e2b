#pragma once

// What the dashboard says of the process that answers (pages/process_facts.h): of `mayfly serve`
// from what it counts, on Lambda from what the sweep left in the ledger. Thread rule: safe from
// many threads.

#include "cli/admin.h"
#include "cli/metrics.h"
#include "github/client.h"
#include "pages/process_facts.h"
#include "seam/log.h"

namespace mayfly::cli {

[[nodiscard]] pages::ProcessFacts facts_of_server(const LastSweep& last_sweep,
                                                  const Counters& counters,
                                                  const github::GithubClient& github);
// Without the sweep where that cannot be read.
[[nodiscard]] pages::ProcessFacts facts_left_by_sweep(Ledger& ledger);

// How long a runner took, for the pages (report/recent_times.h). What cannot be written is said in
// the log and forgotten.
void keep_runner_time(Log& log, Ledger& ledger, const Lease& lease, const report::Journey& journey);

// Leaves what a sweep saw for other processes: at once where it had problems, else at most twice a
// minute.
class SweepNotes {
 public:
  SweepNotes(Clock& clock, Log& log, Ledger& ledger, const github::GithubClient& github)
      : clock_(clock), log_(log), ledger_(ledger), github_(github) {}
  void leave(const SweepReport& report);

 private:
  Clock& clock_;
  Log& log_;
  Ledger& ledger_;
  const github::GithubClient& github_;
  std::optional<SteadyTime> next_;
};

}  // namespace mayfly::cli
