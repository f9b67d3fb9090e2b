#include "service/rerunner.h"

#include <algorithm>

#include "lease/rerun.h"

namespace mayfly {
namespace {

constexpr std::size_t k_settled_max = 1000;

bool is_of_one_run(const Lease& a, const Lease& b) {
  return a.run_id == b.run_id && a.repository == b.repository;
}

bool has_stamp(const std::vector<LeaseEvent>& events, std::string_view name) {
  return std::any_of(events.begin(), events.end(),
                     [&](const LeaseEvent& event) { return event.name == name; });
}

// What asking again does not change.
bool is_final(Code code) {
  return code == Code::github_forbidden || code == Code::github_not_found ||
         code == Code::github_conflict || code == Code::github_refused;
}

}  // namespace

bool Rerunner::is_wanted() const {
  return std::any_of(config_.repositories.begin(), config_.repositories.end(),
                     [](const RepositoryConfig& one) { return one.rerun_interrupted; });
}

bool Rerunner::is_candidate(const Lease& lease) const {
  if (lease.outcome != Outcome::interrupted || settled_.contains(lease.id.text) ||
      seams_.clock.wall() - lease.state_since > k_rerun_within)
    return false;
  const RepositoryConfig* repository = config_.find_repository(lease.repository);
  return repository != nullptr && repository->rerun_interrupted;
}

Status Rerunner::look(const std::vector<Lease>& recent, SteadyTime until) {
  calls_ = 0;
  for (auto lease = recent.rbegin(); lease != recent.rend(); ++lease) {
    if (seams_.clock.steady() >= until) break;
    if (is_candidate(*lease)) TRY(look_at(*lease, recent));
  }
  return {};
}

Status Rerunner::look_at(const Lease& lease, const std::vector<Lease>& recent) {
  TRY_ASSIGN(const auto events, seams_.ledger.events(lease.id));
  if (has_stamp(events, k_rerun_done) || has_stamp(events, k_not_rerun)) return settle(lease);
  TRY_ASSIGN(const bool is_second_time, was_rerun(lease, recent));
  if (is_second_time) return settle(lease, k_not_rerun, "it was run again before");
  calls_ += 1;
  const auto run = demand_.fresh_run(lease.repository, lease.run_id);
  if (!run && run.error().code == Code::run_not_found)
    return settle(lease, k_not_rerun, "the run is gone");
  if (!run) return fail(run.error());
  switch (rerun_for(lease, *run)) {
    case Rerun::wait:
      return {};
    case Rerun::ask:
      return ask(lease);
    case Rerun::leave:
      break;
  }
  const std::string attempt = "attempt " + std::to_string(run->attempt) + " has begun";
  if (run->attempt == lease.run_attempt)
    return settle(lease, k_not_rerun, "the run ended with " + run->conclusion);
  return settle(lease, has_stamp(events, k_rerun_asked) ? k_rerun_done : k_not_rerun, attempt);
}

Result<bool> Rerunner::was_rerun(const Lease& lease, const std::vector<Lease>& recent) {
  for (const Lease& earlier : recent) {
    if (!is_of_one_run(earlier, lease) || earlier.run_attempt >= lease.run_attempt ||
        earlier.outcome != Outcome::interrupted)
      continue;
    TRY_ASSIGN(const auto events, seams_.ledger.events(earlier.id));
    if (has_stamp(events, k_rerun_asked)) return true;
  }
  return false;
}

Status Rerunner::ask(const Lease& lease) {
  const std::string which = "attempt " + std::to_string(lease.run_attempt + 1);
  TRY(seams_.ledger.append_once({lease.id, seams_.clock.wall(), k_rerun_asked, which}));
  seams_.log.warning(k_rerun_asked, {{"lease", lease.id.text},
                                     {"repository", lease.repository.text},
                                     {"run", std::to_string(lease.run_id)},
                                     {"attempt", std::to_string(lease.run_attempt)}});
  calls_ += 1;
  const Status done = demand_.rerun_failed_jobs(lease.repository, lease.run_id);
  if (done) return settle(lease, k_rerun_done, which);
  if (is_final(done.error().code))
    TRY(settle(lease, k_not_rerun, std::string(info(done.error().code).name)));
  return done;
}

Status Rerunner::settle(const Lease& lease, const char* stamp, const std::string& why) {
  TRY(seams_.ledger.append_once({lease.id, seams_.clock.wall(), stamp, why}));
  return settle(lease);
}

Status Rerunner::settle(const Lease& lease) {
  if (settled_.size() >= k_settled_max) settled_.clear();
  settled_.insert(lease.id.text);
  return {};
}

}  // namespace mayfly
