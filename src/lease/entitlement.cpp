#include "lease/entitlement.h"

#include <algorithm>

#include "base/text.h"
#include "lease/label.h"

namespace mayfly {
namespace {

// GitHub compares labels without case.
bool has_label(const std::vector<std::string>& labels, const std::string& wanted) {
  const std::string lower = to_lower(wanted);
  return std::any_of(labels.begin(), labels.end(),
                     [&](const std::string& label) { return to_lower(label) == lower; });
}

bool names_architecture(const std::string& label) {
  static const std::vector<std::string> k_names = {architecture_label(Architecture::x86_64),
                                                   architecture_label(Architecture::arm64)};
  return has_label(k_names, label);
}

}  // namespace

bool is_for(const JobFacts& job, const std::vector<std::string>& labels) {
  const bool names_one = std::any_of(job.labels.begin(), job.labels.end(),
                                     [](const auto& one) { return !names_architecture(one); });
  return names_one && std::all_of(job.labels.begin(), job.labels.end(),
                                  [&](const auto& one) { return has_label(labels, one); });
}

bool RunFacts::is_of_fork() const { return to_lower(head_repository) != to_lower(repository.text); }

std::string RunFacts::head() const { return head_repository + ":" + head_branch; }

Status may_have_runners(const RunFacts& run, const RepositoryName& repository, int attempt) {
  if (to_lower(run.repository.text) != to_lower(repository.text))
    return fail(Code::run_not_found,
                "run " + std::to_string(run.id) + " is not one of " + repository.text);
  if (!run.live)
    return fail(Code::run_not_live, "run " + std::to_string(run.id) + " is " + run.status);
  if (attempt != 0 && attempt != run.attempt)
    return fail(Code::run_not_live, "attempt " + std::to_string(attempt) + " of run " +
                                        std::to_string(run.id) + " is not its current one, " +
                                        std::to_string(run.attempt));
  return {};
}

std::optional<RunFacts> bind_label(const std::vector<RunFacts>& live_runs,
                                   const std::vector<Architecture>& asked,
                                   const std::set<std::pair<RunId, Architecture>>& taken) {
  std::optional<RunFacts> newest;
  for (const RunFacts& run : live_runs) {
    const bool is_free = std::none_of(asked.begin(), asked.end(), [&](Architecture architecture) {
      return taken.contains({run.id, architecture});
    });
    if (run.live && is_free && (!newest || run.id > newest->id)) newest = run;
  }
  return newest;
}

bool is_binding_open(const Lease& lease, WallTime now) {
  constexpr Millis k_patience = Seconds{90};
  return lease.source == Source::seed && !lease.run_confirmed &&
         lease.state == LeaseState::booting && now - lease.state_since < k_patience;
}

DemandSeen demand_for(const Lease& lease, const std::vector<JobFacts>& jobs) {
  bool any = false;
  for (const JobFacts& job : jobs) {
    if (!is_for(job, lease.labels)) continue;
    if (!job.completed) return DemandSeen::open;
    any = true;
  }
  return any ? DemandSeen::served : DemandSeen::none_yet;
}

JobSeen job_of(const Lease& lease, const std::vector<JobFacts>& jobs) {
  const auto job = std::find_if(jobs.begin(), jobs.end(), [&](const JobFacts& one) {
    return !lease.runner_name.empty() && one.runner_name == lease.runner_name;
  });
  if (job == jobs.end()) return JobSeen::none;
  return job->completed ? JobSeen::done : JobSeen::at_work;
}

}  // namespace mayfly
