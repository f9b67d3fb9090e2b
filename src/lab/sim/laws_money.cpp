// Money: what EC2 really charged for our machines against the limits, and the books against that.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

class MoneyLaw final : public Law {
 public:
  explicit MoneyLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "never more money than the limits"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    note_wrong_clocks(world);
    note_unwritten(world);
    check_reservations(world);
    check_charges(world);
  }

  void ledger_lost(SimWorld& world) override {
    // What was spent before is forgotten with the books, so these two periods prove nothing.
    excused_day_ = start_of_day(world.now());
    excused_month_ = start_of_month(world.now());
    lost_at_ = world.clock.steady();
  }

  void ended(SimWorld& world) override {
    books_->refresh(world);
    Money real;
    Money booked;
    for (const auto& [id, machine] : books_->machines())
      if ((lost_at_ < machine.seen_at || lost_at_ == SteadyTime{}) && !forgotten_.contains(id))
        real += machine.cost;
    for (const auto& [id, lease] : books_->leases()) booked += spent_on(world, id);
    if (world.scenario.servers_never_return) return;
    expect(booked + allowance(world) >= real, world,
           "the books say " + human_usd(booked) + ", EC2 charged " + human_usd(real));
  }

 private:
  // The books take a machine's beginning and end from our own calendar: while that is wrong, both
  // are wrong by as much.
  void note_wrong_clocks(SimWorld& world) {
    if (!world.conditions.was_clock_wrong(world.clock.steady(), k_clock_felt)) return;
    for (const auto& server : world.servers)
      worst_skew_ = std::max(worst_skew_, Millis(abs(server->clock().skew())));
    for (const auto& [id, machine] : books_->machines())
      if (machine.exists()) lived_in_wrong_time_.insert(id);
  }

  // What a machine cost is learned when it has ended: of one whose end could not be written for as
  // long as EC2 shows it, never.
  void note_unwritten(SimWorld& world) {
    const SteadyTime now = world.clock.steady();
    const auto& changes = books_->machine_changes();
    if (std::exchange(writes_, world.ledger_writes()) != world.ledger_writes()) unwritten_.clear();
    for (; changes_read_ < changes.size(); ++changes_read_)
      if (changes[changes_read_].kind == MachineChange::Kind::ended)
        unwritten_.emplace(changes[changes_read_].id, now);
    for (const auto& [id, since] : unwritten_)
      if (now - since >= k_ended_machines_shown) forgotten_.insert(id);
  }

  [[nodiscard]] Money allowance(SimWorld& world) const {
    Money dearest;
    for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64})
      dearest = std::max(dearest, world.config.worst_price_for(architecture));
    Money sum;
    for (std::size_t i = 0; i < lived_in_wrong_time_.size(); ++i)
      sum += price_for(dearest, 2 * worst_skew_);
    return sum;
  }

  struct Period {
    WallTime begin{};
    Money at_begin;
  };

  // Per calendar day and month (UTC), as a bill shows it.
  void check_charges(SimWorld& world) {
    const Money spent = books_->spent();
    if (spent == last_spent_) return;
    last_spent_ = spent;
    roll(day_, start_of_day(world.now()), spent);
    roll(month_, start_of_month(world.now()), spent);
    const Caps& caps = world.config.limits;
    if (day_.begin != excused_day_ && day_.begin != start_of_day(excused_day_ + k_next_day))
      expect(spent - day_.at_begin <= caps.usd_per_day, world,
             "EC2 charged more than usd_per_day on " + iso8601(day_.begin));
    if (month_.begin != excused_month_)
      expect(spent - month_.at_begin <= caps.usd_per_month, world,
             "EC2 charged more than usd_per_month in " + iso8601(month_.begin));
  }

  static void roll(Period& period, WallTime begin, Money spent) {
    if (period.begin != begin) period = {begin, spent};
  }

  // At each reservation: what is reserved, with what machines that lived today have cost.
  void check_reservations(SimWorld& world) {
    const auto& changes = books_->lease_changes();
    bool is_any_new = false;
    for (; read_ < changes.size(); ++read_) {
      if (changes[read_].before) continue;
      is_any_new = true;
      const Lease& lease = changes[read_].after;
      const Money most = price_for(world.config.worst_price_for(lease.architecture),
                                   world.config.machine.lifetime);
      expect(lease.reserved >= most, world,
             "lease " + lease.id.text + " reserved less than it may cost");
    }
    if (!is_any_new) return;
    Money day;
    Money month;
    for (const auto& [id, lease] : books_->leases()) {
      if (is_live(lease.state)) {
        day += lease.reserved;
        month += lease.reserved;
      }
      day += spent_since(world, id, start_of_day(world.now()));
      month += spent_since(world, id, start_of_month(world.now()));
    }
    const Caps& caps = world.config.limits;
    // Midnight by a server's calendar may be another one.
    const Conditions& c = world.conditions;
    if (!c.was_clock_wrong(world.clock.steady(), 2 * k_next_day))
      expect(day <= caps.usd_per_day, world, "more is spent and reserved than usd_per_day");
    if (!c.was_clock_wrong(world.clock.steady(), 32 * k_next_day))
      expect(month <= caps.usd_per_month, world, "more is spent and reserved than usd_per_month");
  }

  static Money spent_since(SimWorld& world, const LeaseId& id, WallTime from) {
    Money sum;
    if (const auto machines = world.ledger().machines(id))
      for (const MachineRecord& machine : *machines)
        if (!machine.ended_at || *machine.ended_at >= from) sum += machine.spent;
    return sum;
  }
  static Money spent_on(SimWorld& world, const LeaseId& id) {
    return spent_since(world, id, WallTime{});
  }

  static constexpr Millis k_clock_felt{60'000};
  static constexpr Millis k_next_day = std::chrono::hours{24};

  SharedBooks books_;
  std::size_t read_ = 0;
  Money last_spent_{-1};
  Period day_, month_;
  WallTime excused_day_{}, excused_month_{};
  std::uint64_t writes_ = 0;
  std::size_t changes_read_ = 0;
  std::map<InstanceId, SteadyTime> unwritten_;
  std::set<InstanceId> forgotten_;
  SteadyTime lost_at_{};
  std::set<InstanceId> lived_in_wrong_time_;
  Millis worst_skew_{0};
};

}  // namespace

std::unique_ptr<Law> make_money_law(SharedBooks books) {
  return std::make_unique<MoneyLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
