#include "service/exchange.h"

#include "base/text.h"
#include "lease/policy.h"

namespace mayfly {
namespace {

constexpr int k_write_tries = 3;
constexpr std::size_t k_why_max = 300;

JobVerdict refused(const std::string& why) { return {false, printable(why, k_why_max)}; }

bool has_runner(const Lease& lease) {
  return lease.state == LeaseState::claimed || lease.state == LeaseState::online ||
         lease.state == LeaseState::busy;
}

// What a lease has of its run.
struct RunOf {
  RunId id = 0;
  int attempt = 1;
  std::string actor;
  std::string head;
};

RunOf run_of(const Lease& lease) {
  return {lease.run_id, lease.run_attempt, lease.actor, lease.head};
}

LeaseEvent set_run(Lease& lease, const RunOf& run, WallTime now) {
  const std::string change = std::to_string(lease.run_id) + " to " + std::to_string(run.id);
  lease.run_id = run.id;
  lease.run_attempt = run.attempt;
  lease.actor = run.actor;
  lease.head = run.head;
  return {lease.id, now, k_run_changed, "from run " + change};
}

bool waits_for_job(const Lease& lease) {
  return lease.source == Source::shared && lease.state < LeaseState::ending && !lease.job_seen;
}

}  // namespace

Result<JobVerdict> Exchange::judge(const Lease& lease, const RunFacts& run) {
  const RepositoryConfig* repository = config_.find_repository(lease.repository);
  if (repository == nullptr) return refused("the repository is not served any more");
  if (const Status may = may_have_runners(run, repository->name, 0); !may)
    return refused(may.error().message);
  TRY_ASSIGN(const auto jobs, demand_.jobs(repository->name, run.id, run.attempt));
  if (job_of(lease, jobs) == JobSeen::none)
    return fail(
        Error{Code::claim_not_yet, "GitHub does not show the job on this runner yet", Seconds{2}});
  const Status judged = demand_.judge_run(repository->name, repository->policy, run);
  if (!judged && is_policy_refusal(judged.error().code)) return refused(judged.error().message);
  if (!judged) return fail(judged.error());
  return JobVerdict{true, ""};
}

Result<JobVerdict> Exchange::admit(Lease lease, RunId id) {
  for (int attempt = 1;; ++attempt) {
    if (lease.run_id == id) return JobVerdict{true, ""};
    if (lease.source != Source::shared)
      return refused("this runner is for run " + std::to_string(lease.run_id) + " alone");
    if (!has_runner(lease) || lease.job_confirmed)
      return refused("the lease has had its job, or has ended");
    const auto run = demand_.run(lease.repository, id);
    if (!run && run.error().code == Code::run_not_found) return refused(run.error().message);
    if (!run) return fail(run.error());
    TRY_ASSIGN(JobVerdict verdict, judge(lease, *run));
    if (!verdict.is_admitted) return verdict;
    const auto given = give(lease, *run);
    if (given) {
      give_back(lease, *run);
      return verdict;
    }
    if (given.error().code != Code::lease_conflict || attempt == k_write_tries)
      return fail(given.error());
    TRY_ASSIGN(auto now, seams_.ledger.find(lease.id));
    if (!now) return refused("the lease is gone");
    lease = std::move(*now);
  }
}

Result<Lease> Exchange::give(Lease lease, const RunFacts& run) {
  const RunOf to{run.id, run.attempt, printable(run.actor, 64), printable(run.head(), 200)};
  const std::string from = std::to_string(lease.run_id);
  const LeaseEvent event = set_run(lease, to, seams_.clock.wall());
  lease.job_seen = lease.job_confirmed = true;
  lease.release_asked = false;
  TRY_ASSIGN(Lease written, seams_.ledger.update(lease, {event}, std::nullopt));
  seams_.log.info("lease-run-changed",
                  {{"lease", lease.id.text}, {"from", from}, {"to", std::to_string(run.id)}});
  return written;
}

// Best effort: the run that goes without gets another lease from the lookout, and a runner that
// nobody needs ends as an idle one.
void Exchange::give_back(const Lease& before, const RunFacts& run) {
  const auto live = seams_.ledger.live();
  if (!live)
    return seams_.log.warning("lease-not-given-back",
                              {{"lease", before.id.text}, {"reason", live.error().message}});
  for (Lease other : *live) {
    if (!waits_for_job(other) || other.id == before.id || other.repository != before.repository ||
        other.architecture != before.architecture || other.run_id != run.id ||
        other.run_attempt != run.attempt)
      continue;
    const LeaseEvent event = set_run(other, run_of(before), seams_.clock.wall());
    if (!seams_.ledger.update(other, {event}, std::nullopt)) continue;
    return seams_.log.info("lease-run-changed", {{"lease", other.id.text},
                                                 {"from", std::to_string(run.id)},
                                                 {"to", std::to_string(before.run_id)}});
  }
}

}  // namespace mayfly
