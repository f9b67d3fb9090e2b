#pragma once

// Jobs of a live attempt that wait for a runner of ours though nobody asked for one: those of a
// re-run, whose setup job is not run again, and those of a workflow that has no setup job. Which
// labels are ours, and how many leases are lacking: pure.

#include <optional>
#include <string>
#include <vector>

#include "lease/entitlement.h"
#include "lease/label.h"
#include "lease/lease.h"
#include "lease/policy.h"

namespace mayfly {

// A label of ours that jobs of one attempt name, and the runner that carries it.
struct Place {
  Source source = Source::v1;
  Architecture architecture = Architecture::x86_64;
  int index = 0;  // of a derived label
  std::string label;
  bool was_served = false;  // an earlier attempt had a lease with it
  int interruptions = 0;    // the most that a lease of an earlier attempt had
};

// The labels that queued jobs name, each once, at most k_labels_looked_at: strangers write them.
inline constexpr std::size_t k_labels_looked_at = 64;
[[nodiscard]] std::vector<std::string> labels_of_queued(const std::vector<JobFacts>& jobs);

// The places that a label names for this run. Derived: by its own words. Shared: one for all such
// labels of its architecture. Bare: as leases of this label were, unless GitHub has shown that they
// were another run's. known: all leases with the label (as Place::label spells it); of a shared one
// also all live ones that have been given to the run.
[[nodiscard]] std::optional<Place> derived_place(const RunnerLabels& ours, const std::string& label,
                                                 const RunFacts& run,
                                                 const std::vector<Lease>& known);
[[nodiscard]] std::optional<Place> shared_place(const RunnerLabels& ours, const std::string& label,
                                                const RunFacts& run,
                                                const std::vector<Lease>& known);
[[nodiscard]] std::vector<Place> bare_places(const std::string& label, const RunFacts& run,
                                             const std::vector<Lease>& known);
// What the runner of a lease of this source, known by this label, is registered with.
[[nodiscard]] std::vector<std::string> labels_of(const RunnerLabels& ours, Source source,
                                                 const std::string& label,
                                                 Architecture architecture);

// How many leases the place lacks. known: all leases with its label. One for each queued job that
// no lease is on its way for, but never more in all than the attempt has such jobs: a job whose
// lease failed gets no other in this attempt. A bare label has one lease in an attempt.
[[nodiscard]] int lacking(const RunnerLabels& ours, const Place& place, const RunFacts& run,
                          const std::vector<JobFacts>& jobs, const std::vector<Lease>& known);

// The lease to name where a queued job waits in vain: one of this attempt for its label that ended
// without a runner for it, while none is on its way and none is lacking. What may still come is
// waited for; a lease that had its job, or was given up because the run was over, is no failure.
[[nodiscard]] std::optional<Lease> failed_for(const RunFacts& run,
                                              const std::vector<JobFacts>& jobs,
                                              const std::vector<Lease>& known);

// For how long a job that is refused for this reason is left to wait for better times before its
// run is given up; none: for ever.
struct Patience {
  Millis capacity{0};  // what only the owner, or the next day, changes
  Millis place{0};     // what ends by itself
};
[[nodiscard]] std::optional<Millis> patience_for(Code refusal, const RunPolicy& policy,
                                                 const Patience& patience);
// Since when the job that waits longest has waited, of those that name one of these labels.
[[nodiscard]] std::optional<WallTime> waiting_since(const std::vector<JobFacts>& jobs,
                                                    const std::vector<std::string>& labels);

[[nodiscard]] LeaseKey key_of(const RepositoryName& repository, const RunFacts& run,
                              const Place& place);

}  // namespace mayfly
