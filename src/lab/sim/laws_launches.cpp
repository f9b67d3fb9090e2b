// Launches: how many there are in an hour, and that they pause when they fail one after the other.

#include <algorithm>
#include <deque>
#include <map>

#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_hour = std::chrono::hours{1};
constexpr Millis k_second{1'000};
// From an intent to its machine, beyond the time for which an intent may wait for its answer.
constexpr Millis k_sent_within{60'000};
// A lease that waits is tried again so often, with a sweep and its calls.
constexpr Millis k_tried_within{120'000};
constexpr std::size_t k_remembered = 200;

class LaunchesLaw final : public Law {
 public:
  explicit LaunchesLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override {
    return "launches are bounded, and pause when they fail";
  }

  void look(SimWorld& world) override {
    books_->refresh(world);
    is_clock_wrong_ = world.conditions.was_clock_wrong(world.clock.steady(), 2 * k_hour);
    read_machines(world);
    read_leases(world);
    // A runner that comes online ends it early.
    if (pause_end() >= world.now()) paused_at_ = world.clock.steady();
    if (world.clock.steady() - looked_at_ < k_look_every) return;
    looked_at_ = world.clock.steady();
    for (const auto& [id, lease] : books_->leases())
      if (waits_to_launch(lease)) judge_wait(world, lease);
  }

  // What is refused is refused with reason.
  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge != Edge::api || exchange.done == nullptr) return;
    const std::string& body = exchange.done->body;
    const bool is_paused = body.find("\"launches-paused\"") != std::string::npos;
    const bool is_full = body.find("\"limit-launches\"") != std::string::npos;
    if (!is_paused && !is_full) return;
    look(world);
    if (is_clock_wrong_ || world.conditions.ledger_lost != SteadyTime{}) return;
    const WallTime asked = world.now() - exchange.took - k_second;
    if (is_paused)
      expect(pause_end() >= asked, world, "a launch was refused by a pause that is not");
    else
      expect(launches_since(world.clock.steady() - exchange.took - k_hour) +
                     2 * world.config.limits.machines_per_run >
                 world.config.limits.launches_per_hour,
             world, "a launch was refused by an hour that has room");
  }

  void ledger_lost(SimWorld&) override {
    started_.clear();
    intents_.clear();
    newest_intent_.clear();
    settled_.clear();
  }

 private:
  struct Settled {
    WallTime at{};
    SteadyTime seen{};
    std::string cause;  // empty: its runner came online
  };
  struct Intent {
    SteadyTime at{};
    bool gave_none = false;  // no capacity
  };

  // --- The hour ---------------------------------------------------------------------------------

  // A machine may come as late as its intent is given up: the machines of a little less than an
  // hour were all intended within one.
  void read_machines(SimWorld& world) {
    const auto& changes = books_->machine_changes();
    for (; machines_read_ < changes.size(); ++machines_read_) {
      if (changes[machines_read_].kind != MachineChange::Kind::started) continue;
      const SteadyTime now = books_->find(changes[machines_read_].id)->seen_at;
      if (world.conditions.ledger_lost + world.config.machine.boot_timeout >= now &&
          world.conditions.ledger_lost != SteadyTime{})
        continue;
      started_.push_back(now);
      const Millis window = k_hour - world.config.machine.boot_timeout - k_sent_within;
      while (started_.front() + window <= now) started_.pop_front();
      expect(is_clock_wrong_ || std::ssize(started_) <= world.config.limits.launches_per_hour,
             world, "more machines were launched in an hour than limits.launches_per_hour");
    }
  }

  int launches_since(SteadyTime since) const {
    return static_cast<int>(std::count_if(
        intents_.begin(), intents_.end(),
        [&](const Intent& intent) { return intent.at >= since && !intent.gave_none; }));
  }

  // --- The pause --------------------------------------------------------------------------------

  void read_leases(SimWorld& world) {
    const auto& changes = books_->lease_changes();
    const std::size_t first = leases_read_;
    if (first == changes.size()) return;
    for (; leases_read_ < changes.size(); ++leases_read_) {
      const auto& [before, after] = changes[leases_read_];
      if (is_new_launch(before, after)) count_launch(world, after);
      if (before) note_outcome(world, *before, after);
    }
    std::stable_sort(settled_.begin(), settled_.end(),
                     [](const Settled& a, const Settled& b) { return a.at < b.at; });
    while (settled_.size() > k_remembered) settled_.pop_front();
    for (std::size_t i = first; i < changes.size(); ++i)
      if (is_new_launch(changes[i].before, changes[i].after)) judge_launch(world, changes[i].after);
  }

  // The try on demand belongs to the launch that found no spot machine.
  static bool is_new_launch(const std::optional<Lease>& before, const Lease& after) {
    if (!before) return true;
    return after.launch.number > before->launch.number && !before->launch.pending;
  }

  void count_launch(SimWorld& world, const Lease& lease) {
    newest_intent_[lease.id] = first_intent_ + intents_.size();
    intents_.push_back({world.clock.steady(), false});
    while (intents_.front().at + 2 * k_hour < world.clock.steady()) {
      intents_.pop_front();
      ++first_intent_;
    }
  }

  // What became known in this very moment may have come before it or after it.
  void judge_launch(SimWorld& world, const Lease& lease) {
    const int count = launches_since(world.clock.steady() - k_hour + k_second);
    expect(is_clock_wrong_ || count <= world.config.limits.launches_per_hour, world,
           "more launches were intended in an hour than limits.launches_per_hour");
    const WallTime end = std::min(pause_end(world.clock.steady()), pause_end());
    expect(is_clock_wrong_ || lease.launch.intended_at + k_second >= end, world,
           "lease " + lease.id.text + " was launched while launches pause");
  }

  // The end of the pause by what was known before that moment; the epoch: there is none.
  WallTime pause_end(SteadyTime before = SteadyTime::max()) const {
    const auto failures_max = static_cast<std::size_t>(failures_max_);
    std::vector<const Settled*> newest;
    for (auto one = settled_.rbegin(); one != settled_.rend() && newest.size() < failures_max;
         ++one)
      if (one->seen < before) newest.push_back(&*one);
    const bool is_row = newest.size() == failures_max && !newest.front()->cause.empty() &&
                        std::all_of(newest.begin(), newest.end(), [&](const Settled* one) {
                          return one->cause == newest.front()->cause;
                        });
    return is_row ? newest.front()->at + pause_ : WallTime{};
  }

  void note_outcome(SimWorld& world, const Lease& before, const Lease& after) {
    failures_max_ = world.config.limits.launch_failures_max;
    pause_ = world.config.limits.launch_pause;
    if (before.state == after.state && before.launch.pending == after.launch.pending) return;
    const bool was_open = (before.state == LeaseState::launching && before.launch.pending) ||
                          before.state == LeaseState::booting ||
                          before.state == LeaseState::claimed;
    if (!was_open) return;
    const auto note = [&](std::string cause) {
      settled_.push_back({after.state_since, world.clock.steady(), std::move(cause)});
    };
    const bool had_machine = !after.launch.instance_id.empty();
    const bool died = had_machine && !after.reason.starts_with("Server.SpotInstance");
    if (after.state == LeaseState::online || after.state == LeaseState::busy) return note("");
    if (after.state == LeaseState::launching && !after.launch.pending) {
      if (died) note("boot-failed");
      if (!had_machine) forget_intent(after.id);
    }
    if (after.outcome == Outcome::job_done || after.outcome == Outcome::interrupted ||
        after.outcome == Outcome::idle)
      note("");
    if (after.outcome == Outcome::boot_failed && died) note("boot-failed");
    if (after.outcome == Outcome::no_capacity) forget_intent(after.id);
    if (after.outcome == Outcome::refused) note(after.reason.substr(0, after.reason.find(':')));
  }

  void forget_intent(const LeaseId& id) {
    const auto newest = newest_intent_.find(id);
    if (newest == newest_intent_.end() || newest->second < first_intent_) return;
    intents_[newest->second - first_intent_].gave_none = true;
  }

  // --- Waiting ----------------------------------------------------------------------------------

  // It says why it waits, and that is so.
  void judge_wait(SimWorld& world, const Lease& lease) {
    const Conditions& c = world.conditions;
    const SteadyTime trouble =
        later(later(c.ec2_trouble, c.github_trouble),
              later(later(c.ledger_trouble, c.ledger_lost), later(c.server_down, c.clock_trouble)));
    held();
    const SteadyTime now = world.clock.steady();
    if (is_clock_wrong_ || now - trouble <= k_tried_within) return;
    if (lease.reason.starts_with("launches-paused")) {
      if (now - paused_at_ > k_tried_within)
        broken(world, "lease " + lease.id.text + " waits, though launches do not pause");
    } else if (launches_since(now - k_hour - k_tried_within) <
               world.config.limits.launches_per_hour) {
      broken(world, "lease " + lease.id.text + " waits, though the hour has room");
    }
  }

  static constexpr Millis k_look_every{5'000};

  SharedBooks books_;
  std::size_t machines_read_ = 0, leases_read_ = 0, first_intent_ = 0;
  SteadyTime looked_at_{}, paused_at_{};
  bool is_clock_wrong_ = false;
  int failures_max_ = 1;
  Millis pause_{0};
  std::deque<SteadyTime> started_;
  std::deque<Intent> intents_;
  std::map<LeaseId, std::size_t> newest_intent_;
  std::deque<Settled> settled_;
};

}  // namespace

std::unique_ptr<Law> make_launches_law(SharedBooks books) {
  return std::make_unique<LaunchesLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
