// What is promised of the ledger's records: states, versions, deadlines, reasons.

#include <map>
#include <set>

#include "base/text.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

// From the last trouble to the moment at which a sweep must have written an end.
constexpr Millis k_written_within{60'000};
constexpr std::size_t k_detail_max = 500;

// A short stage may have come and gone between two looks.
bool can_become(LeaseState from, LeaseState to, std::int64_t writes) {
  if (from == to || is_edge(from, to)) return true;
  // One write may say both that it ends and that nothing is left to be ended.
  if (to == LeaseState::gone && is_edge(from, LeaseState::ending)) return true;
  if (writes < 2 || from == LeaseState::gone) return false;
  if (from == LeaseState::ending) return to == LeaseState::gone;
  return true;
}

bool is_same_right(const Lease& a, const Lease& b) {
  return a.id == b.id && a.repository == b.repository && a.architecture == b.architecture &&
         a.index == b.index && a.label == b.label && a.source == b.source &&
         (a.source != Source::v1 || (a.run_id == b.run_id && a.run_attempt == b.run_attempt));
}

class TerminalLaw final : public Law {
 public:
  explicit TerminalLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "terminal states stay terminal"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->lease_changes();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].before) judge(world, *changes[read_].before, changes[read_].after);
  }
  void healed(SimWorld& world) override { check_gone(world); }
  void ended(SimWorld& world) override {
    check_gone(world);
    check_timelines(world);
  }

 private:
  // Whatever a machine reports, and a stranger rings.
  void check_timelines(SimWorld& world) {
    for (const auto& [id, lease] : books_->leases()) {
      const auto events = world.ledger().events(id);
      if (!events) continue;
      const std::string which = "the timeline of lease " + id.text;
      expect(events->size() <= 2 * k_events_max, world, which + " has no bound");
      for (const LeaseEvent& event : *events)
        expect(event.detail.size() <= k_detail_max &&
                   event.detail == printable(event.detail, k_detail_max),
               world,
               which + " holds what is too long or not printable: " + event.name + " " +
                   printable(event.detail, 2 * k_detail_max));
    }
  }

  void judge(SimWorld& world, const Lease& before, const Lease& after) {
    const std::string which = "lease " + after.id.text;
    const std::int64_t writes = after.version - before.version;
    expect(writes > 0, world, which + ": its version does not grow");
    expect(can_become(before.state, after.state, writes), world,
           which + " went from " + std::string(to_string(before.state)) + " to " +
               std::string(to_string(after.state)));
    expect(after.deadline <= before.deadline, world, which + ": its deadline moved later");
    expect(is_same_right(before, after), world, which + " became another's");
    expect(after.launch.number >= before.launch.number && after.launch.boots <= after.launch.number,
           world, which + ": its launches are counted wrongly");
    expect(after.launch.boots <= world.config.machine.boots_max, world,
           which + " was launched more often than allowed");
    expect(!(before.machine_ended && !after.machine_ended), world,
           which + ": its machine came back");
    expect(before.outcome == Outcome::none || before.outcome == after.outcome, world,
           which + ": its outcome changed");
  }

  // Nobody lists what is gone, so nobody would notice.
  void check_gone(SimWorld& world) {
    books_->refresh(world);
    for (const auto& [id, known] : books_->leases()) {
      if (known.state != LeaseState::gone) continue;
      const auto now = world.ledger().find(id);
      expect(now && *now && (*now)->version == known.version && (*now)->state == LeaseState::gone,
             world, "lease " + id.text + " changed after it was gone");
    }
  }

  SharedBooks books_;
  std::size_t read_ = 0;
};

bool needs_words(Outcome outcome) {
  return outcome == Outcome::no_capacity || outcome == Outcome::refused ||
         outcome == Outcome::boot_failed || outcome == Outcome::interrupted;
}

class ReasonLaw final : public Law {
 public:
  explicit ReasonLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "every lease ends with a reason"; }

  void after(SimWorld& world, const Exchange& exchange) override {
    const bool is_upstream = exchange.edge == Edge::ec2 || exchange.edge == Edge::github;
    const bool is_refusal = is_upstream && exchange.answer && exchange.answer->status >= 400 &&
                            exchange.answer->status < 500;
    if (is_refusal) refused_at_ = world.clock.steady();
  }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->lease_changes();
    for (; read_ < changes.size(); ++read_) judge(world, changes[read_].after);
    check_overdue(world);
  }

 private:
  void judge(SimWorld& world, const Lease& lease) {
    const std::string which = "lease " + lease.id.text;
    const bool is_over = lease.state == LeaseState::ending || lease.state == LeaseState::gone;
    expect(is_over == (lease.outcome != Outcome::none), world,
           which + " is " + std::string(to_string(lease.state)) + " with outcome " +
               std::string(to_string(lease.outcome)));
    expect(!is_over || !needs_words(lease.outcome) || !lease.reason.empty(), world,
           which + " ended without a word: " + std::string(to_string(lease.outcome)));
    expect(lease.reason == printable(lease.reason, lease.reason.size() + 1), world,
           which + ": its reason is not printable");
    const bool was_refused =
        refused_at_ != SteadyTime{} && refused_at_ + 2 * k_written_within >= world.clock.steady();
    expect(lease.outcome != Outcome::refused || is_known_refused(lease.id) || was_refused, world,
           which + " ended as refused, and nobody had refused anything");
  }

  bool is_known_refused(const LeaseId& id) { return !refused_.insert(id).second; }

  void check_overdue(SimWorld& world) {
    const Conditions& c = world.conditions;
    const SteadyTime trouble =
        later(later(c.ledger_trouble, c.ec2_trouble),
              later(c.server_down, later(c.clock_trouble, c.github_trouble)));
    for (const auto& [id, lease] : books_->leases()) {
      if (lease.state == LeaseState::ending || lease.state == LeaseState::gone) continue;
      held();
      const SteadyTime from = later(steady_at(world, lease.deadline), trouble);
      if (world.clock.steady() - from > k_written_within)
        broken(world, "lease " + id.text + " goes on past its deadline");
    }
  }

  SharedBooks books_;
  std::size_t read_ = 0;
  SteadyTime refused_at_{};    // somebody upstream, by a 4xx
  std::set<LeaseId> refused_;  // judged already
};

// Each stage has its time: what does not come in it is replaced or given up, and says so.
class WaitingLaw final : public Law {
 public:
  explicit WaitingLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "nothing waits in silence"; }

  void look(SimWorld& world) override {
    if (world.clock.steady() - looked_at_ < k_look_every) return;
    looked_at_ = world.clock.steady();
    books_->refresh(world);
    const Conditions& c = world.conditions;
    const SteadyTime trouble =
        later(later(c.ec2_trouble, c.github_trouble),
              later(later(c.ledger_trouble, c.ledger_lost), later(c.server_down, c.clock_trouble)));
    for (const auto& [id, lease] : books_->leases()) judge(world, lease, trouble);
  }
  void ledger_lost(SimWorld&) override { since_.clear(); }

 private:
  enum class Stage { launching, becoming, idle, other };
  struct Since {
    Stage stage = Stage::other;
    int launch = 0;
    SteadyTime at{};
  };

  static Stage stage_of(const Lease& lease) {
    switch (lease.state) {
      case LeaseState::launching:
        return Stage::launching;
      case LeaseState::booting:
      case LeaseState::claimed:
        return Stage::becoming;
      case LeaseState::online:
        return Stage::idle;
      default:
        return Stage::other;
    }
  }

  static Millis bound_of(const MachineConfig& limits, Stage stage) {
    switch (stage) {
      case Stage::launching:
        return limits.capacity_patience + k_launch_slack;
      case Stage::becoming:
        return limits.boot_timeout + k_stage_slack;
      case Stage::idle:
        return limits.idle_timeout + k_stage_slack;
      case Stage::other:
        break;
    }
    return Millis::max();
  }

  void judge(SimWorld& world, const Lease& lease, SteadyTime trouble) {
    const Stage stage = stage_of(lease);
    // Whose machine plays foul may be at work under another runner's name: the deadline ends it.
    const bool is_foul = lease.job_seen || world.machines->is_hostile(lease.launch.instance_id);
    // What the limits on launches make wait says so, until its deadline (LaunchesLaw).
    if (stage == Stage::other || is_foul || waits_to_launch(lease)) {
      since_.erase(lease.id);
      return;
    }
    // Tries for capacity are one wait, whatever their numbers.
    const int launch = stage == Stage::launching ? 0 : lease.launch.number;
    Since& since = since_.try_emplace(lease.id, Since{stage, launch, looked_at_}).first->second;
    if (since.stage != stage || since.launch != launch) since = {stage, launch, looked_at_};
    held();
    if (looked_at_ - later(since.at, trouble) > bound_of(world.config.machine, stage))
      broken(world, "lease " + lease.id.text + " is " + std::string(to_string(lease.state)) +
                        " for longer than its time");
  }

  static constexpr Millis k_look_every{5'000};
  static constexpr Millis k_stage_slack{120'000};
  static constexpr Millis k_launch_slack{420'000};  // a machine that EC2 never shows: five minutes

  SharedBooks books_;
  SteadyTime looked_at_{};
  std::map<LeaseId, Since> since_;
};

}  // namespace

std::unique_ptr<Law> make_waiting_law(SharedBooks books) {
  return std::make_unique<WaitingLaw>(std::move(books));
}
std::unique_ptr<Law> make_terminal_law(SharedBooks books) {
  return std::make_unique<TerminalLaw>(std::move(books));
}
std::unique_ptr<Law> make_reason_law(SharedBooks books) {
  return std::make_unique<ReasonLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
