// Droughts: all pools of an architecture but one are without room.

#include <map>

#include "lab/sim/callers.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_moves_after_min = Seconds{180};
constexpr std::uint64_t k_moves_after_spread_ms = 1'200'000;

// Those that the owner lets be used: in another subnet room is none.
std::map<Architecture, std::vector<Pool>> pools_of(const SimWorld& world) {
  std::map<Architecture, std::vector<Pool>> pools;
  for (const InstanceTypeConfig& type : world.config.instance_types)
    for (const std::string& subnet : world.config.aws.subnet_ids)
      for (const aws::Market market : {aws::Market::spot, aws::Market::on_demand})
        pools[type.architecture].push_back({type.instance_type, subnet, market});
  return pools;
}

void leave_one_each(SimWorld& world, Entropy& entropy) {
  world.aws->configure([&](FakeAwsOptions& options) {
    for (auto& [architecture, pools] : pools_of(world)) {
      const std::size_t with_room = entropy.below(pools.size());
      for (const Pool& pool : pools) options.capacity[pool] = 0;
      options.capacity.erase(pools[with_room]);
    }
  });
  world.conditions.pools_moved = world.clock.steady();
}

}  // namespace

void dry_forever(SimWorld& world) {
  SeededEntropy entropy(world.seed * 7919 + 73);
  while (!world.is_healed) {
    leave_one_each(world, entropy);
    if (world.scenario.drought == Drought::all_but_one) return;
    world.rest_until(world.clock.steady() + k_moves_after_min +
                     Millis(static_cast<std::int64_t>(entropy.below(k_moves_after_spread_ms))));
  }
}

}  // namespace mayfly::lab::sim
