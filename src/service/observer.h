#pragma once

// What a sweep can learn: the cloud's instances, GitHub's runners, runs and jobs, reduced to the
// facts of lease/facts.h. A call that fails gives an unknown fact and a problem in words, never a
// guess. Thread rule: one sweep at a time.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aws/ec2.h"
#include "config/config.h"
#include "github/client.h"
#include "lease/decide.h"
#include "lease/facts.h"
#include "seam/clock.h"
#include "service/demand.h"

namespace mayfly {

struct ObserverSeams {
  Clock& clock;
  github::GithubClient& github;
  aws::Ec2Client& ec2;
};

class Observer {
 public:
  Observer(const Config& config, const ObserverSeams& seams, Demand& demand)
      : config_(config), seams_(seams), demand_(demand) {}

  // Starts a sweep: forgets the last one and lists the cloud.
  void begin();
  // What leases know of machines and of launches under way, for those who share a launch with them.
  void know(const std::vector<Lease>& leases);
  // Lists GitHub's runners if any lease has had a machine. Not at every sweep where doorbells make
  // them come quickly: half of what the sweep may ask is left for other questions. Without the list
  // nothing is known of runners in this sweep.
  void list_runners(const std::vector<Lease>& leases);

  // The facts about one lease. Corrects lease.run_id and run_confirmed of a seed lease once a live
  // run's jobs show its label; the caller writes that with its decision.
  [[nodiscard]] LeaseFacts facts_for(Lease& lease);

  // Complete lists, or none where the call failed or was not made.
  [[nodiscard]] const std::optional<std::vector<aws::Instance>>& instances() const {
    return instances_;
  }
  [[nodiscard]] const std::optional<std::vector<github::Runner>>& runners() const {
    return runners_;
  }
  [[nodiscard]] std::vector<std::string>& problems() { return problems_; }

  // GitHub must not hold up a sweep: after one call that got no answer, or k_github_patience in
  // all, nothing more is asked of it until the next begin().
  [[nodiscard]] bool may_ask_github() const;
  // Whether every call of this sweep got its answer.
  [[nodiscard]] bool github_answers() const { return github_answers_; }
  void note_github_failure(const Error& error);

 private:
  [[nodiscard]] MachineFact machine_of(const Lease& lease) const;
  [[nodiscard]] bool is_launch_refused(const Lease& lease) const;
  [[nodiscard]] const aws::Instance* instance_of(const Lease& lease) const;
  [[nodiscard]] std::vector<const aws::Instance*> launched_for(const Lease& lease) const;
  [[nodiscard]] RunnerSeen runner_of(const Lease& lease) const;
  [[nodiscard]] RunSeen run_of(Lease& lease);
  [[nodiscard]] RunSeen rebind_or_over(Lease& lease);
  // Whether the policy lets a lease be bound to the run; none where GitHub does not tell.
  [[nodiscard]] std::optional<bool> may_serve(const Lease& lease, const RunFacts& run);
  void ask_about_jobs(const Lease& lease, LeaseFacts& facts);
  void github_trouble(const std::string& doing, const Error& error);

  struct KnownRun {
    RunFacts run;
    std::optional<SteadyTime> asked_at;
  };
  struct LiveRun {
    RunFacts run;
    std::vector<JobFacts> jobs;
  };
  // With their jobs. none where a call failed, or there are too many to look at.
  [[nodiscard]] const std::vector<LiveRun>* live_runs_of(const RepositoryName& repository);

  const Config& config_;
  ObserverSeams seams_;
  Demand& demand_;
  std::optional<std::vector<aws::Instance>> instances_;
  std::optional<std::vector<github::Runner>> runners_;
  std::set<InstanceId> known_machines_;
  std::set<ClientToken> open_launches_;        // that a lease may yet send again
  std::map<ClientToken, int> unanswered_;      // how many leases have not had the launch's answer
  std::set<std::pair<LeaseId, int>> started_;  // launches that some lease has a machine of
  std::vector<std::string> problems_;
  bool github_answers_ = true;
  SteadyTime github_until_{};
  SteadyTime next_list_{};
  std::map<std::string, std::vector<LiveRun>> live_runs_;  // by repository
  SteadyTime live_runs_until_{};
  // For how long an answer about a run is believed; it only spares calls.
  std::map<std::pair<std::string, RunId>, KnownRun> runs_;
};

}  // namespace mayfly
