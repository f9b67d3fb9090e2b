// Capacity: where one pool has room, no lease is lost for want of it.

#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

// A bare label's ask is answered at once: its few tries may fall to both sides of a move.
constexpr Millis k_tried_within{60'000};

class CapacityLaw final : public Law {
 public:
  explicit CapacityLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "a pool with room is found"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->lease_changes();
    for (; read_ < changes.size(); ++read_) {
      const auto& [before, after] = changes[read_];
      if (world.scenario.drought == Drought::none || world.is_healed) continue;
      if (after.launch.instance_id.empty() && after.outcome != Outcome::no_capacity) continue;
      expect(!is_lost(world, before, after), world,
             "lease " + after.id.text + " ended for want of capacity, which one pool had");
    }
  }

 private:
  static bool is_lost(SimWorld& world, const std::optional<Lease>& before, const Lease& after) {
    if (after.outcome != Outcome::no_capacity) return false;
    if (before && before->outcome == Outcome::no_capacity) return false;
    const bool has_moved = world.conditions.pools_moved + k_tried_within >= world.clock.steady();
    return after.source != Source::seed || !has_moved;
  }

  SharedBooks books_;
  std::size_t read_ = 0;
};

}  // namespace

std::unique_ptr<Law> make_capacity_law(SharedBooks books) {
  return std::make_unique<CapacityLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
