// Who gets a machine, and whose machine nobody may end: judged by what GitHub really knows.

#include <algorithm>

#include "base/text.h"
#include "lab/rig/watch.h"
#include "lab/sim/laws.h"
#include "lab/sim/people.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

// Asking takes a while, and what GitHub said is believed for a few seconds.
constexpr Millis k_asked_within{60'000};
// For how long a hook asks for another run's job, and GitHub's lists are old.
constexpr Millis k_let_begin_within{300'000};
constexpr Millis k_absence_believed{300'000};
// A job that is waiting must be known to the service after this much time.
constexpr Millis k_known_after{60'000};
constexpr std::string_view k_label_bytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

class EntitledLaw final : public Law {
 public:
  explicit EntitledLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "only what GitHub's facts entitle to"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->machine_changes();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].kind == MachineChange::Kind::started)
        judge(world, *books_->find(changes[read_].id));
  }

 private:
  void judge(SimWorld& world, const SeenMachine& machine) {
    const Lease* lease = books_->find(machine.lease);
    const bool is_of_lost_ledger = world.conditions.ledger_lost + k_asked_within >= machine.seen_at;
    if (lease == nullptr && is_of_lost_ledger) return;
    expect(lease != nullptr, world, machine.id.text + " has no lease");
    if (lease == nullptr) return;
    const std::string which = "lease " + lease->id.text;
    expect(lease->source != Source::seed || is_all_of(lease->label, k_label_bytes), world,
           which + " has a label that no workflow of ours has: " + printable(lease->label));
    expect(world.config.find_repository(lease->repository) != nullptr, world,
           which + " is of a repository that is not served");
    const GithubRun* run = find_run(world, lease->run_id);
    expect(run != nullptr, world, which + " is of a run that does not exist");
    if (run == nullptr) return;
    expect(to_lower(run->spec.repository.text) == to_lower(lease->repository.text), world,
           which + " is of another repository's run");
    // Its stamps are a server's.
    if (!world.conditions.was_clock_wrong(machine.seen_at, world.config.machine.lifetime))
      judge_time(world, *lease, *run);
  }

  void judge_time(SimWorld& world, const Lease& lease, const GithubRun& run) {
    const SteadyTime asked = steady_at(world, lease.created_at);
    if (world.conditions.github_trouble + k_asked_within >= asked) return;  // a stale answer
    const bool is_over = world.github->world().outcome(run).state == JobState::completed;
    const bool may_be_younger = lease.source == Source::shared;  // it was given to it later
    expect((may_be_younger || run.created_at <= lease.created_at) &&
               (!is_over || run.updated_at + k_asked_within >= lease.created_at),
           world, "lease " + lease.id.text + " was given to a run that was over");
  }

  SharedBooks books_;
  std::size_t read_ = 0;
};

class NeededLaw final : public Law {
 public:
  explicit NeededLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "nobody ends what is needed"; }

  void look(SimWorld& world) override {
    remember_leases(world);
    books_->refresh(world);
    const auto& changes = books_->machine_changes();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].kind == MachineChange::Kind::ended)
        judge(world, *books_->find(changes[read_].id));
  }

 private:
  // When each lease was last seen in use with its machine.
  void remember_leases(SimWorld& world) {
    const auto& changes = books_->lease_changes();
    for (; leases_read_ < changes.size(); ++leases_read_) {
      const Lease& lease = changes[leases_read_].after;
      if (!lease.launch.instance_id.empty() && lease.state < LeaseState::ending)
        in_use_[lease.launch.instance_id] = lease;
      if (lease.state == LeaseState::ending && changes[leases_read_].before &&
          changes[leases_read_].before->state != LeaseState::ending)
        judge_end(world, lease);
    }
  }

  // A job that another run's took the runner from still waits.
  void judge_end(SimWorld& world, const Lease& lease) {
    const Conditions& c = world.conditions;
    const SteadyTime trouble = later(c.clock_trouble, c.ledger_lost);
    if (lease.outcome != Outcome::job_done || lease.source != Source::v1 ||
        trouble + world.config.machine.lifetime >= world.clock.steady() ||
        world.machines->is_hostile(lease.launch.instance_id))
      return;
    expect(!is_awaited(world, lease, world.now()), world,
           "lease " + lease.id.text + " ended as done while its job was waiting");
  }

  void judge(SimWorld& world, const SeenMachine& machine) {
    remember_leases(world);
    const bool was_told = machine.reason_code == "Client.UserInitiatedShutdown";
    const bool is_due = machine.deadline && machine.reason_at + Seconds{1} >= *machine.deadline;
    const auto found = in_use_.find(machine.id);
    if (!was_told || is_due || is_excused(world, machine)) return;
    if (found == in_use_.end()) return judge_pending(world, machine);
    const Lease& lease = found->second;
    // GitHub or EC2 said that only the owner can mend it: the lease says so, and ends at once.
    const Lease* known = books_->find(machine.lease);
    if (known != nullptr && known->outcome == Outcome::refused) return;
    const auto runners = runners_of(world, machine);
    const auto job = job_of(world, lease, runners);
    expect(!job, world,
           "lease " + lease.id.text + ": " + machine.id.text + " was ended during its job");
    if (!job) judge_waiting(world, machine, lease, runners);
  }

  // One whose launch nobody has answered for yet will be found by its tag.
  void judge_pending(SimWorld& world, const SeenMachine& machine) {
    const Lease* lease = books_->find(machine.lease);
    const bool is_pending = lease != nullptr && lease->state == LeaseState::launching &&
                            lease->launch.pending && lease->launch.number == machine.launch;
    expect(!is_pending, world, machine.id.text + " was ended while its launch was not answered");
  }

  // A ledger that was lost, a machine that EC2 denied, calendars that were wrong, and whoever is
  // root and plays foul.
  static bool is_excused(SimWorld& world, const SeenMachine& machine) {
    const Conditions& c = world.conditions;
    return c.ledger_lost >= machine.seen_at || c.clock_trouble + k_known_after >= machine.seen_at ||
           machine.hidden_for >= k_absence_believed || world.machines->is_hostile(machine.id);
  }

  // Whose jobs the lease's runner may be at: a shared one's also at those of other runs, whose
  // hooks may need the service and GitHub to be let begin.
  static std::vector<RunId> runs_of(SimWorld& world, const Lease& lease) {
    std::vector<RunId> runs = {lease.run_id};
    const SteadyTime trouble = later(world.conditions.github_trouble, world.conditions.server_down);
    if (lease.source != Source::shared || trouble + k_let_begin_within >= world.clock.steady())
      return runs;
    for (const auto& [id, run] : world.github->world().runs())
      if (run.id != lease.run_id && is_served_by_policy(world, run) &&
          !is_policy_in_flux(world, run.id))
        runs.push_back(run.id);
    return runs;
  }

  static std::optional<GithubJob> job_of(SimWorld& world, const Lease& lease,
                                         const std::vector<GithubRunner>& runners) {
    for (const GithubRunner& runner : runners)
      for (const RunId run : runs_of(world, lease))
        for (const GithubJob& job : world.github->jobs(run))
          if (runner.job == job.id && job.state == JobState::in_progress) return job;
    return std::nullopt;
  }

  // One that boots, or waits for its job, in its time, while the job is waiting for it.
  void judge_waiting(SimWorld& world, const SeenMachine& machine, const Lease& lease,
                     const std::vector<GithubRunner>& runners) {
    const WallTime now = machine.reason_at;
    const bool is_booting = lease.state == LeaseState::booting;
    const MachineConfig& limits = world.config.machine;
    if (now - lease.launch.intended_at >= limits.boot_timeout && lease.state != LeaseState::online)
      return;
    if (lease.state == LeaseState::online && now - lease.state_since >= limits.idle_timeout) return;
    if (!is_booting && runners.empty()) return;  // GitHub removed it: it would wait for nothing
    expect(!is_awaited(world, lease, now), world,
           "lease " + lease.id.text + ": " + machine.id.text +
               " was ended while its job was waiting for it");
  }

  static bool is_awaited(SimWorld& world, const Lease& lease, WallTime now) {
    for (const auto& [id, run] : world.github->world().runs()) {
      // Only as long as no job has shown whose a bare label is may it be any run's.
      const bool is_its = lease.source == Source::seed && !lease.run_confirmed
                              ? run.spec.repository == lease.repository
                              : run.id == lease.run_id && run.attempt == lease.run_attempt;
      if (!is_its || world.github->world().outcome(run).state == JobState::completed) continue;
      // It may name the label, and the lease is not for it.
      if (!is_served_by_policy(world, run) || is_policy_in_flux(world, run.id)) continue;
      for (const GithubJob& job : world.github->jobs(run.id))
        if (job.state == JobState::queued && !job.spec.hosted &&
            now - job.created_at >= k_known_after && is_for(world.config, job, lease))
          return true;
    }
    return false;
  }

  static bool is_for(const Config& config, const GithubJob& job, const Lease& lease) {
    const auto has = [](const std::vector<std::string>& all, const std::string& one) {
      return std::find(all.begin(), all.end(), one) != all.end();
    };
    const auto shared = config.labels().shared(lease.architecture);
    const bool names_it = has(job.spec.labels, lease.label) ||
                          (lease.source == Source::shared &&
                           std::any_of(shared.begin(), shared.end(), [&](const std::string& label) {
                             return has(job.spec.labels, label);
                           }));
    return names_it &&
           std::all_of(job.spec.labels.begin(), job.spec.labels.end(),
                       [&](const std::string& label) { return has(lease.labels, label); });
  }

  SharedBooks books_;
  std::size_t read_ = 0, leases_read_ = 0;
  std::map<InstanceId, Lease> in_use_;
};

}  // namespace

std::unique_ptr<Law> make_entitled_law(SharedBooks books) {
  return std::make_unique<EntitledLaw>(std::move(books));
}
std::unique_ptr<Law> make_needed_law(SharedBooks books) {
  return std::make_unique<NeededLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
