#include "service/lookout.h"

#include <algorithm>

#include "base/text.h"
#include "lease/label.h"

namespace mayfly {
namespace {

constexpr Millis k_round_min = Seconds{30};
constexpr int k_share_of_calls = 8;
constexpr std::size_t k_said_max = 1000;

constexpr std::size_t k_cancelled_max = 1000;
constexpr int k_leases_remembered = 500;
constexpr const char* k_cancel_asked = "run-cancel-asked";
constexpr const char* k_cancelled = "run-cancelled";
constexpr std::size_t k_reason_max = 200;

// As the ledger spells it.
std::string canonical(const std::string& label, const RunFacts& run) {
  const auto from = parse_derived_label(label, run.id);
  if (from) return derived_label(run.id, from->index, from->architecture);
  const auto shared = parse_shared_label(label);
  return shared ? shared_name(run.id, *shared) : label;
}

// Rather than a refusal: nothing is known, and nothing follows.
bool is_trouble(const Error& error) {
  return info(error.code).name.starts_with("github-") || error.code == Code::ledger_unavailable;
}

bool is_like_ours(const std::string& label, const RepositoryConfig& repository,
                  const RunFacts& run) {
  return parse_derived_label(label, run.id) ||
         (repository.webhook == Webhook::shared && parse_shared_label(label)) ||
         (repository.seed_labels != SeedLabels::off &&
          is_seed_label(label, repository.seed_label_prefix));
}

// In groups that one ask can be for: a bare label is one of its own.
std::vector<std::vector<Place>> alike_of(const std::vector<Place>& places) {
  std::vector<std::vector<Place>> groups;
  for (const Place& place : places) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& one) {
      return !place.is_bare && !one.front().is_bare && one.front().was_served == place.was_served;
    });
    if (group == groups.end())
      groups.push_back({place});
    else
      group->push_back(place);
  }
  return groups;
}

}  // namespace

bool Lookout::may_be_wanted(const RepositoryConfig& repository, const RunFacts& run) const {
  return run.attempt > 1 || repository.webhook != Webhook::off ||
         failed_.contains({repository.name.text, run.id});
}

// At what became of the newest leases. How many calls that took.
std::size_t Lookout::look_back(SteadyTime until) {
  const bool cancels = std::any_of(config_.repositories.begin(), config_.repositories.end(),
                                   [](const RepositoryConfig& one) { return one.cancel_unserved; });
  if (!cancels && !rerunner_.is_wanted()) return 0;
  const auto recent = seams_.ledger.recent(k_leases_remembered);
  if (!recent) {
    note("read the ledger", recent.error());
    return 0;
  }
  note_failed(*recent);
  const Status rerun = rerunner_.look(*recent, until);
  if (!rerun) note("re-run what was interrupted", rerun.error());
  return rerunner_.calls();
}

// First attempts whose setup job asked: only their failures are of interest.
void Lookout::note_failed(const std::vector<Lease>& recent) {
  failed_.clear();
  for (const Lease& lease : recent) {
    const RepositoryConfig* repository = config_.find_repository(lease.repository);
    const bool has_ended = lease.state >= LeaseState::ending && !lease.job_seen;
    if (has_ended && repository != nullptr && repository->cancel_unserved)
      failed_.insert({repository->name.text, lease.run_id});
  }
}

void Lookout::note(const std::string& doing, const Error& error) {
  troubles_.push_back({doing, error});
  const ErrorKind kind = error.kind();
  const bool is_silence = kind == ErrorKind::unavailable || kind == ErrorKind::ambiguous ||
                          kind == ErrorKind::throttled;
  if (is_silence) github_answers_ = false;
}

bool Lookout::may_go_on(SteadyTime until) const {
  return github_answers_ && seams_.clock.steady() < until;
}

std::vector<Lookout::Trouble> Lookout::work_off_hints(SteadyTime until) {
  troubles_.clear();
  github_answers_ = true;
  while (may_go_on(until)) {
    const auto hint = hints_.take();
    if (!hint) break;
    const RepositoryConfig* repository = config_.find_repository(hint->first);
    if (repository == nullptr) continue;
    const auto run = demand_.fresh_run(repository->name, hint->second);
    if (run) {
      look_at(*repository, *run);
    } else if (run.error().code != Code::run_not_found) {
      note("look at run " + std::to_string(hint->second), run.error());
      if (!github_answers_) hints_.add(repository->name, hint->second);
    }
  }
  return std::move(troubles_);
}

std::vector<Lookout::Trouble> Lookout::look(SteadyTime until) {
  troubles_ = work_off_hints(until);
  if (to_look_at_.empty() && seams_.clock.steady() >= next_round_) list_round(until);
  while (!to_look_at_.empty() && may_go_on(until)) {
    const auto [repository, run] = to_look_at_.front();
    to_look_at_.pop_front();
    look_at(*repository, run);
  }
  if (may_go_on(until)) redeliverer_.look(until);
  return std::move(troubles_);
}

void Lookout::list_round(SteadyTime until) {
  std::size_t calls = look_back(until);
  for (const RepositoryConfig& repository : config_.repositories) {
    if (!may_go_on(until)) break;
    calls += 2;
    const auto runs = demand_.live_runs(repository.name);
    if (!runs) {
      note("list live runs of " + repository.name.text, runs.error());
      continue;
    }
    for (const RunFacts& run : *runs)
      if (may_be_wanted(repository, run)) to_look_at_.emplace_back(&repository, run);
  }
  calls += to_look_at_.size();
  const Millis per_call{60'000 * k_share_of_calls / config_.github.calls_per_minute};
  next_round_ =
      seams_.clock.steady() + std::max(k_round_min, per_call * static_cast<std::int64_t>(calls));
}

void Lookout::look_at(const RepositoryConfig& repository, const RunFacts& run) {
  if (!may_be_wanted(repository, run) || !may_have_runners(run, repository.name, run.attempt))
    return;
  const std::string doing = "look at run " + std::to_string(run.id);
  const auto jobs = demand_.jobs(repository.name, run.id, run.attempt);
  if (!jobs) return note(doing, jobs.error());
  Status done = serve(repository, run, *jobs);
  if (!done && !is_trouble(done.error())) {
    say_waiting(repository, run, done.error());
    done = give_up_refused(repository, run, *jobs, done.error());
  }
  if (done) done = give_up_failed(repository, run, *jobs);
  if (!done) note(doing, done.error());
}

Status Lookout::give_up_failed(const RepositoryConfig& repository, const RunFacts& run,
                               const std::vector<JobFacts>& jobs) {
  if (!repository.cancel_unserved) return {};
  for (const std::string& label : labels_of_queued(jobs)) {
    if (!is_like_ours(label, repository, run)) continue;
    TRY_ASSIGN(const auto known, leases_of(repository, run, label));
    const auto failed = failed_for(run, jobs, known);
    if (!failed) continue;
    const std::string why = failed->reason.empty() ? "" : ": " + failed->reason;
    return cancel(repository, run, std::string(to_string(failed->outcome)) + why, &*failed);
  }
  return {};
}

Status Lookout::give_up_refused(const RepositoryConfig& repository, const RunFacts& run,
                                const std::vector<JobFacts>& jobs, const Error& refusal) {
  if (!repository.cancel_unserved) return {};
  const auto patience = patience_for(refusal.code, repository.policy,
                                     {config_.machine.capacity_patience, config_.machine.lifetime});
  std::vector<std::string> ours = labels_of_queued(jobs);
  std::erase_if(ours, [&](const auto& one) { return !is_like_ours(one, repository, run); });
  const auto since = waiting_since(jobs, ours);
  if (!patience || !since || seams_.clock.wall() - *since < *patience) return {};
  const std::string code(info(refusal.code).name);
  return cancel(repository, run, code + ": " + refusal.message, nullptr);
}

// The intent comes first. Told twice, GitHub does it once; jobs that always run may go on, and need
// no second telling.
Status Lookout::cancel(const RepositoryConfig& repository, const RunFacts& run,
                       const std::string& reason, const Lease* lease) {
  const Attempt attempt{repository.name.text, run.id, run.attempt};
  if (cancelled_.contains(attempt)) return {};
  const std::string why = printable(reason, k_reason_max);
  if (lease != nullptr) {
    TRY_ASSIGN(const auto events, seams_.ledger.events(lease->id));
    for (const LeaseEvent& event : events)
      if (event.name == k_cancelled) return {};
    TRY(seams_.ledger.append_once({lease->id, seams_.clock.wall(), k_cancel_asked, why}));
  }
  seams_.log.warning(k_cancel_asked, {{"repository", repository.name.text},
                                      {"run", std::to_string(run.id)},
                                      {"attempt", std::to_string(run.attempt)},
                                      {"reason", why}});
  TRY(demand_.cancel(repository.name, run.id));
  if (cancelled_.size() >= k_cancelled_max) cancelled_.clear();
  cancelled_.insert(attempt);
  if (lease == nullptr) return {};
  return seams_.ledger.append_once({lease->id, seams_.clock.wall(), k_cancelled, why});
}

void Lookout::say_waiting(const RepositoryConfig& repository, const RunFacts& run,
                          const Error& error) {
  if (said_.size() >= k_said_max) said_.clear();
  const auto [said, is_new] =
      said_.try_emplace({repository.name.text, run.id, run.attempt}, error.code);
  if (!is_new && said->second == error.code) return;
  said->second = error.code;
  seams_.log.info("run-not-served", {{"repository", repository.name.text},
                                     {"run", std::to_string(run.id)},
                                     {"attempt", std::to_string(run.attempt)},
                                     {"code", std::string(info(error.code).name)},
                                     {"reason", error.message}});
}

// By label; of a shared label also those that were another run's before.
Result<std::vector<Lease>> Lookout::leases_of(const RepositoryConfig& repository,
                                              const RunFacts& run, const std::string& label) {
  const std::string name = canonical(label, run);
  TRY_ASSIGN(auto known, seams_.ledger.find_by_label(repository.name, name));
  if (!parse_shared_label(label)) return known;
  TRY_ASSIGN(const auto live, seams_.ledger.live());
  for (const Lease& lease : live)
    if (lease.source == Source::shared && lease.repository == repository.name &&
        lease.run_id == run.id && lease.label != name)
      known.push_back(lease);
  return known;
}

Result<std::vector<Lookout::Found>> Lookout::places_of(const RepositoryConfig& repository,
                                                       const RunFacts& run,
                                                       const std::vector<JobFacts>& jobs) {
  std::vector<Found> all;
  for (const std::string& label : labels_of_queued(jobs)) {
    if (auto place = derived_place(label, run, {})) {
      TRY_ASSIGN(auto known, seams_.ledger.find_by_label(repository.name, place->label));
      place = derived_place(label, run, known);
      if (place->was_served || repository.webhook != Webhook::off)
        all.push_back({std::move(*place), std::move(known)});
    } else if (const auto shared = parse_shared_label(label)) {
      const bool is_known = std::any_of(all.begin(), all.end(), [&](const Found& one) {
        return one.place.is_shared && one.place.architecture == *shared;
      });
      if (is_known) continue;
      TRY_ASSIGN(auto known, leases_of(repository, run, label));
      place = shared_place(label, run, known);
      if (place->was_served || repository.webhook == Webhook::shared)
        all.push_back({std::move(*place), std::move(known)});
    } else if (repository.seed_labels != SeedLabels::off &&
               is_seed_label(label, repository.seed_label_prefix)) {
      TRY_ASSIGN(const auto known, seams_.ledger.find_by_label(repository.name, label));
      for (Place& one : bare_places(label, run, known)) all.push_back({std::move(one), known});
    }
  }
  return all;
}

Status Lookout::serve(const RepositoryConfig& repository, const RunFacts& run,
                      const std::vector<JobFacts>& jobs) {
  TRY_ASSIGN(auto found, places_of(repository, run, jobs));
  std::vector<Place> wanted;
  for (Found& one : found) {
    for (int count = lacking(one.place, run, jobs, one.known); count > 0; --count) {
      if (!one.place.is_bare) {
        TRY_ASSIGN(one.place.index, free_index(repository, run, one.place, wanted));
      }
      wanted.push_back(one.place);
    }
  }
  if (wanted.empty()) return {};
  TRY(demand_.judge_run(repository.name, repository.policy, run));
  for (const std::vector<Place>& alike : alike_of(wanted)) TRY(fill(repository, run, alike));
  return {};
}

// What a limit refuses to all of them it may grant to some.
Status Lookout::fill(const RepositoryConfig& repository, const RunFacts& run,
                     const std::vector<Place>& alike) {
  const char* why = alike.front().was_served ? "re-run" : "webhook";
  const auto served = asking_.serve(repository, run, alike, why);
  if (!served && (alike.size() == 1 || is_trouble(served.error()))) return fail(served.error());
  if (!served) {
    for (const Place& place : alike) TRY(fill(repository, run, {place}));
    return {};
  }
  for (const AskedLease& asked : *served)
    seams_.log.info("run-served", {{"lease", asked.lease.id.text},
                                   {"run", std::to_string(run.id)},
                                   {"attempt", std::to_string(run.attempt)},
                                   {"why", why}});
  return {};
}

// The label's own, or the lowest that no lease of the attempt has, or is to have.
Result<int> Lookout::free_index(const RepositoryConfig& repository, const RunFacts& run,
                                const Place& place, const std::vector<Place>& wanted) {
  Place candidate = place;
  const int first = candidate.index;
  for (int tried = -1; tried < config_.limits.machines_per_run * 4; ++tried) {
    candidate.index = tried < 0 ? first : tried;
    const bool is_taken = std::any_of(wanted.begin(), wanted.end(), [&](const Place& one) {
      return !one.is_bare && one.is_shared == place.is_shared &&
             one.architecture == place.architecture && one.index == candidate.index;
    });
    if (is_taken) continue;
    const LeaseId id = lease_id_for(config_.deployment, key_of(repository.name, run, candidate));
    TRY_ASSIGN(const auto lease, seams_.ledger.find(id));
    if (!lease) return candidate.index;
  }
  return fail(Code::limit_run, "run " + std::to_string(run.id) + " has had leases for " +
                                   std::to_string(config_.limits.machines_per_run * 4) +
                                   " runners of this architecture in one attempt");
}

}  // namespace mayfly
