// After everything was healed: nothing unwanted lives, everything wanted runs, and in the end the
// books are closed.

#include <algorithm>
#include <map>

#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_heal_bound{120'000};
constexpr Millis k_noticed_within{60'000};
constexpr Millis k_look_every{5'000};

class LivenessLaw final : public Law {
 public:
  explicit LivenessLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "nothing unwanted lives, all wanted runs"; }

  void look(SimWorld& world) override {
    if (world.scenario.servers_never_return || world.clock.steady() - looked_at_ < k_look_every)
      return;
    looked_at_ = world.clock.steady();
    books_->refresh(world);
    const SteadyTime trouble = last_trouble(world);
    for (const auto& [id, machine] : books_->machines()) {
      if (!machine.is_live() || is_wanted(machine)) {
        unwanted_since_.erase(id);
        continue;
      }
      const auto since = unwanted_since_.try_emplace(id, looked_at_).first->second;
      held();
      if (looked_at_ - later(since, trouble) > k_heal_bound)
        broken(world, id.text + " lives on and no lease wants it");
    }
  }

  void healed(SimWorld& world) override {
    if (world.scenario.servers_never_return) return;
    books_->refresh(world);
    for (const auto& [id, machine] : books_->machines())
      if (machine.is_live()) judge_machine(world, machine);
    for (const auto& [id, lease] : books_->leases())
      if (is_live(lease.state)) judge_lease(world, lease);
  }

  void ended(SimWorld& world) override {
    books_->refresh(world);
    for (const auto& [id, machine] : books_->machines())
      expect(!machine.exists(), world, id.text + " is left over");
    const std::string prefix = runner_name_prefix(world.config.deployment);
    for (const GithubRunner& runner : world.github->runners())
      expect(!runner.name.starts_with(prefix), world, "runner " + runner.name + " is left over");
    if (!world.scenario.servers_never_return) close_books(world);
  }

 private:
  bool is_wanted(const SeenMachine& machine) const {
    const Lease* lease = books_->find(machine.lease);
    return lease != nullptr && lease->state < LeaseState::ending &&
           (lease->launch.instance_id == machine.id ||
            (lease->launch.pending && lease->launch.number == machine.launch));
  }

  void judge_machine(SimWorld& world, const SeenMachine& machine) {
    expect(is_wanted(machine) || world.clock.steady() - machine.seen_at < k_noticed_within, world,
           machine.id.text + " lives and no lease wants it");
  }

  void judge_lease(SimWorld& world, const Lease& lease) {
    const std::string which = "lease " + lease.id.text;
    const Millis since_intent = world.now() - lease.launch.intended_at;
    // One that is ending waits until no machine can turn up any more.
    if (lease.state >= LeaseState::ending) return;
    expect(!lease.launch.pending || since_intent < k_heal_bound, world,
           which + " still waits for the answer to a launch");
    const GithubRun* run = find_run(world, lease.run_id);
    const bool is_over = run != nullptr &&
                         world.github->world().outcome(*run).state == JobState::completed &&
                         world.now() - run->updated_at > k_noticed_within;
    expect(!is_over || lease.source == Source::seed, world,
           which + " goes on though its run is over");
    // One whose job is done powers itself off, and the next sweep notices.
    const bool has_machine =
        std::any_of(books_->machines().begin(), books_->machines().end(), [&](const auto& one) {
          return one.second.lease == lease.id &&
                 (one.second.is_live() || world.now() - one.second.reason_at < k_noticed_within);
        });
    const bool is_new = world.now() - lease.state_since < k_heal_bound;
    expect(has_machine || is_new || is_over || waits_to_launch(lease), world,
           which + " is live and has no machine");
  }

  void close_books(SimWorld& world) {
    for (const auto& [id, lease] : books_->leases())
      expect(lease.state == LeaseState::gone && lease.outcome != Outcome::none, world,
             "lease " + id.text + " is " + std::string(to_string(lease.state)) + " in the end");
    const auto audit = world.ledger().audit();
    expect(audit.has_value(), world, "the ledger cannot be read");
    if (!audit) return;
    expect(audit->leases_live == 0 && audit->reserved == Money{}, world,
           "something is reserved in the end");
    expect(audit->launched == audit->ended, world, "more machines launched than ended");
    expect(audit->runners_left == 0, world, "runners are left in the books");
  }

  SharedBooks books_;
  SteadyTime looked_at_{};
  std::map<InstanceId, SteadyTime> unwanted_since_;
};

}  // namespace

std::unique_ptr<Law> make_liveness_law(SharedBooks books) {
  return std::make_unique<LivenessLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
