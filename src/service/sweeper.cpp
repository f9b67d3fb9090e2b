#include "service/sweeper.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lease/enforce.h"
#include "service/breaker_notice.h"
#include "service/records.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_treat_patience = Seconds{10};
constexpr Millis k_lookout_patience = Seconds{5};
constexpr int k_labels_remembered = 200;
constexpr std::size_t k_reason_max = 300;

SweepPolicy policy_of(const Config& config) {
  SweepPolicy policy;
  policy.boot_timeout = config.machine.boot_timeout;
  policy.idle_timeout = config.machine.idle_timeout;
  policy.boots_max = config.machine.boots_max;
  return policy;
}

bool is_alive(const aws::Instance& instance) {
  return instance.state != aws::InstanceState::terminated &&
         instance.state != aws::InstanceState::shutting_down;
}

// Whether a live lease wants this very instance: the one it knows, or, while its launch is pending,
// one that carries its launch's tags.
bool wants(const Lease& lease, const aws::Instance& instance) {
  if (lease.state == LeaseState::ending) return false;
  if (!lease.launch.instance_id.empty()) return lease.launch.instance_id == instance.id;
  const auto tag = instance.tags.find(k_tag_lease);
  const auto launch = instance.tags.find(k_tag_launch);
  return lease.launch.pending && tag != instance.tags.end() && launch != instance.tags.end() &&
         tag->second == tagged_lease(lease).text &&
         launch->second == std::to_string(lease.launch.number);
}

}  // namespace

Sweeper::Sweeper(const Config& config, const SweeperSeams& seams, Demand& demand,
                 Launcher& launcher, Lookout& lookout)
    : config_(config),
      seams_(seams),
      launcher_(launcher),
      lookout_(lookout),
      policy_(policy_of(config)),
      observer_(config, {seams.clock, seams.github, seams.ec2}, demand) {}

void Sweeper::trouble(const std::string& doing, const Error& error) {
  if (error.code == Code::lease_conflict) return;  // somebody else was faster: look again next time
  report_.problems.push_back(doing + ": " + error.message);
  if (info(error.code).name.starts_with("github-")) observer_.note_github_failure(error);
}

Millis Sweeper::furthest_overdue(const std::vector<Lease>& leases) {
  Millis overdue{0};
  for (const Lease& lease : leases)
    if (!lease.machine_ended) overdue = std::max(overdue, seams_.clock.wall() - lease.deadline);
  return overdue;
}

SweepReport Sweeper::sweep() {
  report_ = SweepReport{};
  to_terminate_.clear();
  observer_.begin();
  auto leases = seams_.ledger.live();
  if (!leases) {
    trouble("read the ledger", leases.error());
    end_overdue();
  } else {
    report_.leases = static_cast<int>(leases->size());
    report_.overdue = furthest_overdue(*leases);
    observer_.know(*leases);
    find_orphans(*leases);
    terminate_all();  // first what is certain, whatever GitHub says later
    observer_.list_runners(*leases);
    treat_all(*leases);
    resend_all();
    terminate_all();
    remove_stray_runners();
    if (auto said = notice_breaker(config_, {seams_.clock, seams_.log, seams_.ledger}); !said)
      trouble("look whether launches pause", said.error());
    look_out();
  }
  for (std::string& problem : observer_.problems()) report_.problems.push_back(std::move(problem));
  for (const std::string& problem : report_.problems)
    seams_.log.warning("sweep-problem", {{"problem", problem}});
  return report_;
}

// Last, with a time of its own: what the leases need of GitHub comes first, and a sweep whose whole
// patience they take must still notice new jobs.
void Sweeper::look_out() {
  if (!observer_.github_answers()) return;
  for (const Lookout::Trouble& one : lookout_.look(seams_.clock.steady() + k_lookout_patience))
    trouble(one.doing, one.error);
}

// Deadlines stand in the tags too: they hold without a ledger.
void Sweeper::end_overdue() {
  if (!observer_.instances()) return;
  for (const aws::Instance& instance : *observer_.instances())
    if (is_alive(instance) && enforce(instance.tags, seams_.clock.wall()) != Enforcement::keep)
      to_terminate_.push_back(instance.id);
  terminate_all();
}

void Sweeper::find_orphans(const std::vector<Lease>& leases) {
  report_.instances = -1;
  if (!observer_.instances()) {
    // Deadlines need no list: the ledger knows the machines.
    for (const Lease& lease : leases)
      if (seams_.clock.wall() >= lease.deadline && !lease.launch.instance_id.empty())
        to_terminate_.push_back(lease.launch.instance_id);
    return;
  }
  std::multimap<std::string, const Lease*> by_tag;
  std::map<InstanceId, const Lease*> by_machine;
  for (const Lease& lease : leases) {
    by_tag.emplace(tagged_lease(lease).text, &lease);
    if (!lease.launch.instance_id.empty()) by_machine[lease.launch.instance_id] = &lease;
  }
  report_.instances = 0;
  for (const aws::Instance& instance : *observer_.instances()) {
    if (!is_alive(instance)) continue;
    report_.instances += 1;
    const auto tag = instance.tags.find(k_tag_lease);
    const auto [first, last] =
        by_tag.equal_range(tag == instance.tags.end() ? std::string() : tag->second);
    const auto known = by_machine.find(instance.id);
    const bool has_lease = first != last || known != by_machine.end();
    const bool is_wanted =
        (known != by_machine.end() && wants(*known->second, instance)) ||
        std::any_of(first, last, [&](const auto& one) { return wants(*one.second, instance); });
    const bool is_overdue = enforce(instance.tags, seams_.clock.wall()) != Enforcement::keep;
    if (is_wanted && !is_overdue) continue;
    to_terminate_.push_back(instance.id);
    if (is_wanted || has_lease) continue;
    report_.orphans += 1;
    seams_.log.warning("orphan", {{"instance", instance.id.text}});
  }
}

void Sweeper::terminate_all() {
  if (to_terminate_.empty()) return;
  std::sort(to_terminate_.begin(), to_terminate_.end());
  to_terminate_.erase(std::unique(to_terminate_.begin(), to_terminate_.end()), to_terminate_.end());
  const auto refusals = seams_.ec2.terminate_instances(to_terminate_, call_deadline(seams_.clock));
  if (!refusals) {
    trouble("terminate instances", refusals.error());
  } else {
    report_.terminated += static_cast<int>(to_terminate_.size() - refusals->size());
    for (const aws::TerminationRefusal& refusal : *refusals)
      trouble("terminate " + refusal.id.text, refusal.error);
  }
  to_terminate_.clear();
}

bool Sweeper::write(const Lease& before, Decision& decision) {
  auto written = seams_.ledger.update(decision.next, decision.events,
                                      machine_record(before, decision.next, seams_.clock.wall()));
  if (!written) {
    trouble("write lease " + before.id.text, written.error());
    return false;
  }
  decision.next = std::move(*written);
  report_.changed += 1;
  for (const LeaseEvent& event : decision.events)
    seams_.log.info("lease-" + event.name,
                    {{"lease", event.lease_id.text}, {"detail", event.detail}});
  return true;
}

void Sweeper::treat_all(const std::vector<Lease>& leases) {
  const SteadyTime until = seams_.clock.steady() + k_treat_patience;
  const std::size_t first = next_lease_;
  std::optional<std::size_t> unanswered;  // the first that GitHub's silence or our budget left out
  bool may_ask = observer_.may_ask_github();
  if (!may_ask && !leases.empty()) unanswered = first % leases.size();
  for (std::size_t i = 0; i < leases.size() && seams_.clock.steady() < until; ++i) {
    const std::size_t at = (first + i) % leases.size();
    next_lease_ = (at + 1) % leases.size();
    treat(leases[at]);
    if (may_ask && !observer_.may_ask_github()) unanswered = at;
    may_ask = observer_.may_ask_github();
  }
  if (unanswered) next_lease_ = *unanswered;
}

void Sweeper::treat(Lease lease) {
  const Lease before = lease;
  const LeaseFacts facts = observer_.facts_for(lease);
  const bool rebound = before.run_id != lease.run_id || before.run_confirmed != lease.run_confirmed;
  if (rebound) {
    const auto reason = why_no_place(lease);
    if (!reason) return trouble("read the ledger", reason.error());
    if (*reason) return end_surplus(before, **reason);
  }
  Decision decision = decide(lease, facts, seams_.clock.wall(), policy_);
  // The intent before the act: what is not written is not done.
  if ((decision.changed || rebound) && !write(before, decision)) return;
  if (decision.interrupted) launcher_.note_interrupted(before.launch);
  for (const Act one : decision.acts) act(decision.next, one);
}

// Why the run that a bare label turned out to be of has none for it; none: it has. Other labels
// that were bound to that run by guess alone may still turn out to be of others, and do not count.
Result<std::optional<std::string>> Sweeper::why_no_place(const Lease& lease) {
  TRY_ASSIGN(const auto leases, seams_.ledger.recent(k_labels_remembered));
  const std::string run = "run " + std::to_string(lease.run_id);
  int machines = 0;
  for (const Lease& other : leases) {
    const bool is_certain = other.source != Source::seed || other.run_confirmed;
    if (!is_certain || other.id == lease.id || other.repository != lease.repository ||
        other.run_id != lease.run_id || other.run_attempt != lease.run_attempt ||
        other.architecture != lease.architecture)
      continue;
    if (other.source == Source::seed && other.label != lease.label)
      return run + " has the label " + other.label + " for this architecture already";
    machines += is_live(other.state) && !other.machine_ended ? 1 : 0;
  }
  const int most = config_.limits.machines_per_run;
  if (machines < most) return std::nullopt;
  return run + " has as many machines of this architecture as limits.machines_per_run allows: " +
         std::to_string(most);
}

void Sweeper::end_surplus(const Lease& lease, const std::string& reason) {
  Decision decision{lease, true, {}, {}};
  end_with(decision, Outcome::run_over, seams_.clock.wall(), reason);
  if (!write(lease, decision)) return;
  if (!lease.launch.instance_id.empty()) to_terminate_.push_back(lease.launch.instance_id);
}

void Sweeper::act(Lease& lease, Act act) {
  switch (act) {
    case Act::terminate:
      to_terminate_.push_back(lease.launch.instance_id);
      break;
    case Act::resend_launch:
      to_resend_[lease.launch.client_token].push_back(lease);
      if (lease.launch.batch.empty()) resend_all();
      break;
    case Act::new_launch:
      launch_anew(lease);
      break;
    case Act::retire_if_idle:
    case Act::retire_if_late:
      retire(lease, act);
      break;
    case Act::remove_runner:
      remove_runner(lease);
      break;
    case Act::disable_metadata:
      disable_metadata(lease);
      break;
  }
}

// Those of one batch with one call. All others at once: the intent says that it was sent, and a
// process that dies before it is makes the lease wait for the next time.
void Sweeper::resend_all() {
  for (auto& [token, leases] : to_resend_) {
    const std::string first = leases.front().id.text;
    for (const auto& sent : launcher_.send_together(std::move(leases), Launcher::Intent::resent))
      if (!sent) trouble("launch again for " + first, sent.error());
  }
  to_resend_.clear();
}

void Sweeper::launch_anew(Lease& lease) {
  const WallTime now = seams_.clock.wall();
  const Lease before = lease;
  if (auto intended = launcher_.intend(lease, launcher_.starts_on_demand(lease)); !intended)
    return trouble("prepare a launch for " + lease.id.text, intended.error());
  auto written = seams_.ledger.launch_again(
      lease, {{lease.id, now, "launching", "launch " + std::to_string(lease.launch.number)}},
      config_.limits, now);
  if (!written && written.error().kind() == ErrorKind::throttled)
    return wait_to_launch(before, written.error());
  if (!written) return trouble("write the launch of " + lease.id.text, written.error());
  if (auto sent = launcher_.send(std::move(*written), Launcher::Intent::fresh); !sent)
    trouble("launch for " + lease.id.text, sent.error());
}

// It is tried again every launch_patience until its deadline, as decide() says for a lease without
// an intent; the timeline gets one stamp for each wait.
void Sweeper::wait_to_launch(const Lease& lease, const Error& refusal) {
  const std::string why(info(refusal.code).name);
  Decision decision{lease, true, {}, {}};
  decision.next.reason = printable(why + ": " + refusal.message, k_reason_max);
  if (!lease.reason.starts_with(why))
    decision.events.push_back(
        {lease.id, seams_.clock.wall(), "launch-waits", decision.next.reason});
  (void)write(lease, decision);
}

Result<RunnerId> Sweeper::runner_id_of(const Lease& lease) {
  if (lease.runner_id) return *lease.runner_id;
  TRY_ASSIGN(const auto runner,
             seams_.github.find_runner(lease.runner_name, call_deadline(seams_.clock)));
  if (!runner) return fail(Code::github_not_found, "no runner " + lease.runner_name);
  return runner->id;
}

// GitHub may hand the runner a job at the last moment (facts.md D12): so it is taken off there
// first, and the machine ends only if GitHub agreed that it was idle.
void Sweeper::retire(Lease& lease, Act act) {
  if (!observer_.may_ask_github()) return;
  const Lease before = lease;
  Decision decision{lease, true, {}, {}};
  const WallTime now = seams_.clock.wall();
  const Outcome outcome = lease.release_asked ? Outcome::run_over : Outcome::idle;
  if (!lease.runner_name.empty()) {
    const auto id = runner_id_of(lease);
    Status deleted = id ? seams_.github.delete_runner(*id, call_deadline(seams_.clock))
                        : Status(fail(id.error()));
    const bool is_absent = !id && id.error().code == Code::github_not_found;
    if (!deleted && deleted.error().code == Code::github_busy) {
      decision.next.job_seen = true;
      move_to(decision, LeaseState::busy, now);
      (void)write(before, decision);
      return;
    }
    if (!deleted && !is_absent) return trouble("retire " + lease.runner_name, deleted.error());
    decision.next.runner_removed = true;
    report_.runners_removed += 1;
  }
  if (act == Act::retire_if_late)
    relaunch(decision, now, policy_, k_too_late);
  else
    end_with(decision, outcome, now, "");
  if (!write(before, decision)) return;
  lease = decision.next;
  if (!lease.launch.instance_id.empty()) to_terminate_.push_back(lease.launch.instance_id);
}

void Sweeper::remove_runner(Lease& lease) {
  if (!observer_.may_ask_github()) return;
  const auto id = runner_id_of(lease);
  if (id) {
    const Status deleted = seams_.github.delete_runner(*id, call_deadline(seams_.clock));
    if (!deleted) {
      if (deleted.error().code != Code::github_busy)
        trouble("remove runner " + lease.runner_name, deleted.error());
      return;  // the termination does not wait for it
    }
    report_.runners_removed += 1;
  } else if (id.error().code != Code::github_not_found) {
    return trouble("find runner " + lease.runner_name, id.error());
  }
  const Lease before = lease;
  Decision decision{lease, true, {}, {}};
  decision.next.runner_removed = true;
  decision.events.push_back({lease.id, seams_.clock.wall(), "runner-removed", ""});
  if (write(before, decision)) lease = decision.next;
}

void Sweeper::disable_metadata(Lease& lease) {
  const auto off =
      seams_.ec2.disable_metadata(lease.launch.instance_id, call_deadline(seams_.clock));
  if (!off) return trouble("switch IMDS off for " + lease.launch.instance_id.text, off.error());
  const Lease before = lease;
  Decision decision{lease, true, {}, {}};
  decision.next.metadata_off = true;
  if (write(before, decision)) lease = decision.next;
}

// Runners that carry our name but that no lease wants: of a launch that died, or of a registration
// whose answer was lost. Judged by a ledger read that is newer than GitHub's list.
void Sweeper::remove_stray_runners() {
  if (!observer_.runners()) return;
  const auto leases = seams_.ledger.live();
  if (!leases) return trouble("read the ledger", leases.error());
  for (const github::Runner& runner : *observer_.runners()) {
    if (!observer_.may_ask_github()) return;
    const auto lease_id = lease_of_runner(config_.deployment, runner.name);
    if (!lease_id || runner.busy) continue;
    const bool is_wanted = std::any_of(leases->begin(), leases->end(), [&](const Lease& lease) {
      return lease.id == *lease_id && lease.runner_name == runner.name && !lease.runner_removed;
    });
    if (is_wanted) continue;
    const Status deleted = seams_.github.delete_runner(runner.id, call_deadline(seams_.clock));
    if (deleted) {
      report_.runners_removed += 1;
      seams_.log.info("stray-runner-removed", {{"runner", runner.name}});
    } else if (deleted.error().code != Code::github_busy) {
      trouble("remove stray runner " + runner.name, deleted.error());
    }
  }
}

}  // namespace mayfly
