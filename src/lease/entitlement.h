#pragma once

// What GitHub's public facts entitle a run to. The caller's request adds no authority: these
// functions see only what GitHub said and what the owner configured.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "lease/facts.h"

namespace mayfly {

// A run, as GitHub describes it, reduced to what decides.
struct RunFacts {
  RunId id = 0;
  int attempt = 1;
  bool live = false;   // queued, in progress or pending: not completed, not awaiting approval
  std::string status;  // GitHub's word, for messages
  RepositoryName repository;
  std::string actor;             // who started the run: the author of a pull request
  std::string triggering_actor;  // who started this attempt
  std::string event;             // "pull_request"
  std::string workflow;          // ".github/workflows/ci.yml"
  std::string head_repository;   // full name; empty when the fork is gone
  std::string head_branch;
  std::string head_sha;
  std::string conclusion = {};  // GitHub's word for how it ended; empty while it has not

  // A fork that is gone counts as one.
  [[nodiscard]] bool is_of_fork() const;
  // "owner/repo:branch": what limits per pull request count by.
  [[nodiscard]] std::string head() const;
};

// Ok when the run may have runners: it belongs to the repository, is live, and the attempt asked
// for is its current one. attempt 0: whichever is current.
[[nodiscard]] Status may_have_runners(const RunFacts& run, const RepositoryName& repository,
                                      int attempt);

// Which live run a bare label is bound to: the newest that has no other label yet for any of the
// architectures asked for. taken: (run, architecture) pairs that live seed leases hold already.
[[nodiscard]] std::optional<RunFacts> bind_label(
    const std::vector<RunFacts>& live_runs, const std::vector<Architecture>& asked,
    const std::set<std::pair<RunId, Architecture>>& taken);

// Whether a bare label may still turn out to belong to another run than the one it was bound to: no
// run's jobs have shown it yet. After a while its machine is not kept waiting for that any longer.
[[nodiscard]] bool is_binding_open(const Lease& lease, WallTime now);

// A job, reduced to what decides demand.
struct JobFacts {
  std::vector<std::string> labels;
  bool completed = false;
  std::string runner_name;
  bool queued = false;  // for a runner: neither held back by a rule nor begun
  std::optional<WallTime> created_at = {};
};

// Whether GitHub gives the job to a runner with these labels, and it names another of them than its
// architecture: the job is for it and not for any machine.
[[nodiscard]] bool is_for(const JobFacts& job, const std::vector<std::string>& labels);

// Whether a runner with these labels is (still) wanted by the jobs: a job is for it when each label
// of the job is one of the runner's, and it names the lease's own label.
[[nodiscard]] DemandSeen demand_for(const Lease& lease, const std::vector<JobFacts>& jobs);
[[nodiscard]] JobSeen job_of(const Lease& lease, const std::vector<JobFacts>& jobs);

}  // namespace mayfly
