#include "service/asking.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "lease/label.h"

namespace mayfly {
namespace {

constexpr int k_bind_tries = 4;
// Each may cost two calls of GitHub: strangers make runs.
constexpr int k_judged_max = 20;
constexpr Millis k_judging_max = Seconds{15};
constexpr Millis k_wait_step{500};
constexpr std::size_t k_workflow_max = 200;

Result<const RepositoryConfig*> repository_for_label(const Config& config,
                                                     const std::string& label) {
  bool any = false;
  for (const RepositoryConfig& repository : config.repositories) {
    if (repository.seed_labels == SeedLabels::off) continue;
    if (is_seed_label(label, repository.seed_label_prefix)) return &repository;
    any = true;
  }
  if (!any)
    return fail(Code::seed_labels_off, "no repository of this deployment accepts bare labels");
  return fail(Code::bad_label,
              "the label does not match any repository's seed_label_prefix "
              "followed by letters, digits and underscores");
}

// One for each architecture, in the order asked: the newest, which later attempts may have made.
std::vector<AskedLease> as_existing(const std::vector<Lease>& newest_first,
                                    const std::vector<Architecture>& asked) {
  std::vector<AskedLease> out;
  for (const Architecture architecture : asked) {
    const auto newest =
        std::find_if(newest_first.begin(), newest_first.end(),
                     [&](const Lease& lease) { return lease.architecture == architecture; });
    if (newest != newest_first.end()) out.push_back({*newest, false});
  }
  return out;
}

bool covers(const std::vector<Lease>& leases, const std::vector<Architecture>& architectures) {
  return std::all_of(architectures.begin(), architectures.end(), [&](Architecture wanted) {
    return std::any_of(leases.begin(), leases.end(),
                       [&](const Lease& lease) { return lease.architecture == wanted; });
  });
}

// The reports read the workflow from it (report/stages.h).
std::string verified_as(const RunFacts& run) {
  const std::string named = "run " + std::to_string(run.id);
  return run.workflow.empty() ? named : named + " of " + printable(run.workflow, k_workflow_max);
}

// The run has begun another attempt since, whose setup job asks for itself.
bool is_superseded(const Lease& lease, const std::vector<RunFacts>& runs) {
  return std::any_of(runs.begin(), runs.end(), [&](const RunFacts& run) {
    return run.id == lease.run_id && run.attempt > lease.run_attempt;
  });
}

// An ask whose lease has ended gets no machine any more: it is answered with the reason, not with
// success.
Status refuse_if_ended(const std::vector<AskedLease>& asked) {
  for (const AskedLease& one : asked) {
    const Lease& lease = one.lease;
    if (lease.state != LeaseState::ending && lease.state != LeaseState::gone) continue;
    return fail(code_of_ended(lease), "lease " + lease.id.text + " ended (" +
                                          std::string(to_string(lease.outcome)) + ")" +
                                          (lease.reason.empty() ? "" : ": " + lease.reason));
  }
  return {};
}

}  // namespace

Code code_of_ended(const Lease& lease) {
  switch (lease.outcome) {
    case Outcome::no_capacity:
      return Code::no_capacity;
    case Outcome::boot_failed:
      return Code::boot_failed;
    case Outcome::interrupted:
      return Code::interrupted;
    case Outcome::deadline:
      return Code::deadline_passed;
    case Outcome::idle:
      return Code::idle_limit;
    case Outcome::refused:
      return code_of_refusal(lease);
    default:
      return Code::lease_ended;
  }
}

Lease Asking::draft(const LeaseKey& key, const RunFacts& run, std::string label) {
  const WallTime now = seams_.clock.wall();
  Lease lease;
  lease.id = lease_id_for(config_.deployment, key);
  lease.repository = key.repository;
  lease.run_id = run.id;
  lease.run_attempt = run.attempt;
  lease.architecture = key.architecture;
  lease.index = key.index;
  lease.label = std::move(label);
  lease.labels = labels_of(config_.labels(), key.source, lease.label, key.architecture);
  lease.source = key.source;
  lease.actor = printable(run.actor, 64);
  lease.head = printable(run.head(), 200);
  lease.created_at = now;
  lease.state_since = now;
  lease.deadline = now + config_.machine.lifetime;
  lease.reserved = worst_case(config_.worst_price_for(key.architecture), config_.machine.lifetime,
                              config_.machine.boots_max);
  return lease;
}

// Asking again needs no image, no template and no transaction.
Result<std::vector<std::optional<Lease>>> Asking::find_all(const std::vector<Lease>& wanted) {
  std::vector<std::optional<Lease>> found;
  for (const Lease& lease : wanted) {
    TRY_ASSIGN(auto one, seams_.ledger.find(lease.id));
    found.push_back(std::move(one));
  }
  return found;
}

// Those of one architecture and market by one call, where the run is known for certain: a bare
// label's machine may yet turn out to be another run's.
Status Asking::intend_all(std::vector<Lease>& fresh) {
  std::map<std::pair<Architecture, bool>, std::vector<std::vector<Lease*>>> batches;
  for (Lease& lease : fresh) {
    auto& alike = batches[{lease.architecture, launcher_.starts_on_demand(lease)}];
    if (lease.source == Source::seed || alike.empty()) alike.emplace_back();
    alike.back().push_back(&lease);
  }
  for (auto& [kind, alike] : batches)
    for (const std::vector<Lease*>& batch : alike)
      TRY(launcher_.intend_together(batch, kind.second));
  return {};
}

Result<std::vector<Reservation>> Asking::reserve(std::vector<Lease> fresh, const RunFacts& run,
                                                 WallTime asked_at, const std::string& how) {
  const WallTime verified_at = seams_.clock.wall();
  TRY(intend_all(fresh));
  std::vector<LeaseEvent> events;
  for (const Lease& lease : fresh) {
    events.push_back({lease.id, asked_at, "asked", how});
    events.push_back({lease.id, verified_at, "verified", verified_as(run)});
    events.push_back({lease.id, seams_.clock.wall(), "launching", ""});
  }
  return seams_.ledger.reserve(fresh, events, config_.limits, seams_.clock.wall());
}

// Those that are new; the others are as they were found.
std::map<LeaseId, AskedLease> Asking::launch(std::vector<Reservation> reservations) {
  std::map<LeaseId, AskedLease> asked;
  std::map<ClientToken, std::vector<Lease>> launches;
  for (Reservation& one : reservations) {
    if (one.is_new) launches[one.lease.launch.client_token].push_back(one.lease);
    const LeaseId id = one.lease.id;
    asked.emplace(id, AskedLease{std::move(one.lease), one.is_new});
  }
  for (auto& [token, leases] : launches) {
    const std::vector<Lease> before = leases;
    const auto sent = launcher_.send_together(std::move(leases), Launcher::Intent::fresh);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (sent[i])
        asked.at(before[i].id).lease = *sent[i];
      else if (sent[i].error().code != Code::lease_conflict)
        seams_.log.warning("launch-left-to-sweep",
                           {{"lease", before[i].id.text}, {"reason", sent[i].error().message}});
    }
  }
  return asked;
}

Result<std::vector<AskedLease>> Asking::reserve_and_launch(const std::vector<Lease>& wanted,
                                                           const RunFacts& run, WallTime asked_at,
                                                           const std::string& how) {
  TRY_ASSIGN(auto found, find_all(wanted));
  std::vector<Lease> fresh;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (!found[i]) fresh.push_back(wanted[i]);
  std::map<LeaseId, AskedLease> launched;
  if (!fresh.empty()) {
    TRY_ASSIGN(auto reservations, reserve(std::move(fresh), run, asked_at, how));
    launched = launch(std::move(reservations));
    seams_.doorbell.ring();
  }
  std::vector<AskedLease> asked;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    asked.push_back(found[i] ? AskedLease{std::move(*found[i]), false}
                             : std::move(launched.at(wanted[i].id)));
    const Lease& lease = asked.back().lease;
    if (asked.back().is_new)
      seams_.log.info("lease-created", {{"lease", lease.id.text},
                                        {"repository", lease.repository.text},
                                        {"run", std::to_string(lease.run_id)},
                                        {"state", std::string(to_string(lease.state))}});
  }
  TRY(refuse_if_ended(asked));
  return asked;
}

Result<std::vector<AskedLease>> Asking::create(const SeedAsk& ask) {
  const WallTime asked_at = seams_.clock.wall();
  TRY_ASSIGN(const RepositoryConfig* repository, repository_for_label(config_, ask.label));
  return bind_and_create(*repository, ask, asked_at);
}

// Whom the policy refuses is taken out of runs. When nobody is left the newest of them says why.
Result<RunFacts> Asking::bind_allowed(const RepositoryConfig& repository,
                                      const std::vector<Architecture>& asked,
                                      const std::set<std::pair<RunId, Architecture>>& taken,
                                      std::vector<RunFacts>& runs) {
  const std::size_t live = runs.size();
  const SteadyTime end = seams_.clock.steady() + k_judging_max;
  std::optional<Error> refusal;
  for (int judged = 0; judged < k_judged_max; ++judged) {
    auto run = bind_label(runs, asked, taken);
    if (!run) break;
    if (seams_.clock.steady() >= end)
      return fail(Code::github_unavailable, "GitHub took too long over the pull requests");
    const Status allowed = demand_.judge_run(repository.name, repository.policy, *run);
    if (allowed) return std::move(*run);
    if (!is_policy_refusal(allowed.error().code)) return fail(allowed.error());
    if (!refusal) refusal = allowed.error();
    std::erase_if(runs, [&](const RunFacts& one) { return one.id == run->id; });
  }
  if (refusal) return fail(*refusal);
  return fail(Code::no_live_run, std::to_string(live) + " live " +
                                     plural(static_cast<std::int64_t>(live), "run") + " in " +
                                     repository.name.text +
                                     ", none of them without a label for these architectures");
}

Result<std::vector<AskedLease>> Asking::bind_and_create(const RepositoryConfig& repository,
                                                        const SeedAsk& ask, WallTime asked_at) {
  TRY_ASSIGN(const auto known, seams_.ledger.find_by_label(repository.name, ask.label));
  if (covers(known, ask.architectures)) {
    auto existing = as_existing(known, ask.architectures);
    TRY(refuse_if_ended(existing));
    return existing;
  }
  TRY_ASSIGN(auto runs, demand_.live_runs(repository.name));
  std::set<std::pair<RunId, Architecture>> taken;
  for (int attempt = 1;; ++attempt) {
    TRY_ASSIGN(const auto live, seams_.ledger.live());
    for (const Lease& lease : live)
      if (lease.source == Source::seed && lease.repository == repository.name &&
          lease.label != ask.label && !is_superseded(lease, runs))
        taken.insert({lease.run_id, lease.architecture});
    TRY_ASSIGN(const auto run, bind_allowed(repository, ask.architectures, taken, runs));
    std::vector<Lease> wanted;
    for (const Architecture architecture : ask.architectures) {
      LeaseKey key;
      key.repository = repository.name;
      key.architecture = architecture;
      key.label = ask.label;
      key.source = Source::seed;
      wanted.push_back(draft(key, run, ask.label));
    }
    auto asked = reserve_and_launch(wanted, run, asked_at, "seed");
    if (asked || asked.error().code != Code::lease_conflict || attempt == k_bind_tries)
      return asked;
    for (const Architecture architecture : ask.architectures)
      taken.insert({run.id, architecture});  // another label was faster, or it has ended already
  }
}

Result<std::vector<AskedLease>> Asking::create(const RunnersAsk& ask) {
  const WallTime asked_at = seams_.clock.wall();
  const RepositoryConfig* repository = config_.find_repository(ask.repository);
  if (repository == nullptr)
    return fail(Code::repository_not_served, ask.repository.text + " is not in the configuration");
  for (const auto& [architecture, count] : ask.counts)
    if (count > config_.limits.machines_per_run)
      return fail(Code::too_many_runners,
                  std::to_string(count) + " of " + std::string(to_string(architecture)) +
                      " asked for, at most " + std::to_string(config_.limits.machines_per_run) +
                      " of each architecture per run");
  // GitHub reads names without case. As the owner wrote it, so that one run has one set of leases.
  const RepositoryName& name = repository->name;
  TRY_ASSIGN(const RunFacts run, demand_.run(name, ask.run_id));
  TRY(may_have_runners(run, name, ask.run_attempt));
  TRY(demand_.judge_run(name, repository->policy, run));
  std::vector<Lease> wanted;
  for (const auto& [architecture, count] : ask.counts) {
    for (int index = 0; index < count; ++index) {
      LeaseKey key;
      key.repository = name;
      key.architecture = architecture;
      key.run_id = run.id;
      key.run_attempt = run.attempt;
      key.index = index;
      wanted.push_back(draft(key, run, config_.labels().derived(run.id, index, architecture)));
    }
  }
  for (int attempt = 1;; ++attempt) {
    auto asked = reserve_and_launch(wanted, run, asked_at, "v1");
    // Another ask for other numbers of the same run was faster.
    if (asked || asked.error().code != Code::lease_conflict || attempt == k_bind_tries)
      return asked;
  }
}

Result<std::vector<AskedLease>> Asking::serve(const RepositoryConfig& repository,
                                              const RunFacts& run, const std::vector<Place>& places,
                                              const std::string& why) {
  TRY(may_have_runners(run, repository.name, run.attempt));
  std::vector<Lease> wanted;
  for (const Place& place : places) {
    wanted.push_back(draft(key_of(repository.name, run, place), run, place.label));
    wanted.back().run_confirmed =
        place.source == Source::seed;  // the run's own job shows the label
    wanted.back().interruptions = place.interruptions;
  }
  return reserve_and_launch(wanted, run, seams_.clock.wall(), why);
}

Status Asking::mark_released(Lease& lease) {
  if (lease.state == LeaseState::gone || lease.state == LeaseState::ending || lease.release_asked)
    return {};
  lease.release_asked = true;
  // No stamp: anyone may ring, and could fill the timeline.
  auto written = seams_.ledger.update(lease, {}, std::nullopt);
  if (written)
    lease = std::move(*written);
  else if (written.error().code != Code::lease_conflict)
    return fail(written.error());
  return {};
}

Result<std::vector<Lease>> Asking::release_labels(const std::vector<std::string>& labels) {
  std::vector<const RepositoryConfig*> repositories;  // all labels are good, or none is released
  for (const std::string& label : labels) {
    TRY_ASSIGN(const RepositoryConfig* repository, repository_for_label(config_, label));
    repositories.push_back(repository);
  }
  std::vector<Lease> released;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    TRY_ASSIGN(auto leases, seams_.ledger.find_by_label(repositories[i]->name, labels[i]));
    for (Lease& lease : leases) {
      TRY(mark_released(lease));
      released.push_back(std::move(lease));
    }
  }
  seams_.doorbell.ring();
  return released;
}

Result<Lease> Asking::release(const LeaseId& id) {
  TRY_ASSIGN(auto lease, seams_.ledger.find(id));
  if (!lease) return fail(Code::lease_not_found, "there is no lease " + id.text);
  TRY(mark_released(*lease));
  seams_.doorbell.ring();
  return std::move(*lease);
}

Result<Lease> Asking::wait_online(const LeaseId& id, SteadyTime deadline) {
  for (;;) {
    TRY_ASSIGN(auto lease, seams_.ledger.find(id));
    if (!lease) return fail(Code::lease_not_found, "there is no lease " + id.text);
    const bool waiting = lease->state == LeaseState::launching ||
                         lease->state == LeaseState::booting || lease->state == LeaseState::claimed;
    if (!waiting || seams_.clock.steady() + k_wait_step > deadline) return std::move(*lease);
    seams_.clock.sleep_for(k_wait_step);
  }
}

}  // namespace mayfly
