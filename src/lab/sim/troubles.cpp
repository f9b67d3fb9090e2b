#include <algorithm>

#include "lab/rig/watch.h"
#include "lab/sim/aim.h"
#include "lab/sim/callers.h"
#include "lease/enforce.h"
#include "lease/lease.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_skew_max = Seconds{240};

// Carries out what the fault plan wants of the world. Its targets come from a stream of its own, of
// which each fault takes the same share whether or not it is carried out.
class Trouble {
 public:
  explicit Trouble(SimWorld& world) : world_(world), entropy_(world.seed * 104'729 + 555'557) {}

  void happen(const FaultPlan::WorldDraw& draw) {
    const std::uint64_t target = entropy_.below(1'000'000);
    const std::uint64_t detail = entropy_.below(1'000'000);
    if (!draw.is_on || world_.is_healed) return;
    const Injection& fault = draw.injection;
    if (!carry_out(fault, target, detail)) return;
    world_.faults.note(fault);
    world_.trace.line(world_.clock.steady(), "world", to_string(fault.kind),
                      std::to_string(fault.amount.count()));
  }

 private:
  // False: there is nothing it could befall.
  bool carry_out(const Injection& fault, std::uint64_t target, std::uint64_t detail) {
    switch (fault.kind) {
      case FaultKind::interrupt:
      case FaultKind::interrupt_later:
        return with_machine(target, [&](const InstanceId& id) {
          return world_.aws->interrupt(id, fault.kind == FaultKind::interrupt_later);
        });
      case FaultKind::hide:
        return with_machine(target, [&](const InstanceId& id) {
          world_.conditions.ec2_trouble = world_.clock.steady() + fault.amount;
          world_.aws->hide(id, fault.amount);
          return true;
        });
      case FaultKind::vanish:
        return vanish(target);
      case FaultKind::capacity:
        return move_capacity(fault.amount, target, detail);
      case FaultKind::ec2_outage:
        return begin_outage(Edge::ec2, fault.amount);
      case FaultKind::github_outage:
        return begin_outage(Edge::github, fault.amount);
      case FaultKind::api_outage:
        return begin_outage(Edge::api, fault.amount);
      case FaultKind::ledger_outage:
        return begin_outage(Edge::ledger, fault.amount);
      case FaultKind::ledger_loss:
        return lose_ledger();
      case FaultKind::clock_step:
        return step_clock(server(target), fault.amount, detail);
      case FaultKind::clock_drift:
        server(target).clock().drift(fault.amount);
        set_right_later(server(target), detail);
        return true;
      case FaultKind::drain:
        for (const char* action : {"DescribeInstances", "CreateFleet", "TerminateInstances"})
          (void)world_.aws->drain(action, 100);
        world_.conditions.ec2_trouble = world_.clock.steady() + Seconds{30};
        return true;
      case FaultKind::kill_server:
        server(target).kill(fault.amount + Millis{1});
        return true;
      default:
        return false;
    }
  }

  Server& server(std::uint64_t target) { return *world_.servers[target % world_.servers.size()]; }

  template <class Fn>
  bool with_machine(std::uint64_t target, Fn&& fn) {
    auto live = live_instances(*world_.aws);
    std::erase_if(live, [this](const FakeInstance& instance) {
      return tag_of(instance, k_tag_deployment) != world_.config.deployment;
    });
    return !live.empty() && fn(live[target % live.size()].id);
  }

  bool vanish(std::uint64_t target) {
    auto runners = world_.github->runners();
    std::erase_if(runners, [](const GithubRunner& r) { return r.job || !r.is_connected; });
    return !runners.empty() && world_.github->vanish(runners[target % runners.size()].id);
  }

  // Some pools have no room for a while, and others little; spot has another price.
  bool move_capacity(Millis amount, std::uint64_t target, std::uint64_t detail) {
    std::uint64_t which = target;
    world_.aws->configure([&](FakeAwsOptions& options) {
      for (const auto& [type, of_type] : options.instance_types)
        for (const auto& [subnet, zone] : options.subnets)
          for (const aws::Market market : {aws::Market::spot, aws::Market::on_demand}) {
            which = which * 6364136223846793005ULL + 1442695040888963407ULL;
            const bool is_spot = market == aws::Market::spot;
            const Pool pool{type, subnet, market};
            if ((which >> 60) < (is_spot ? 12U : 5U))
              options.capacity[pool] = static_cast<int>(detail % 2);
            const auto percent = static_cast<std::int64_t>(20 + (which >> 40) % 81);
            if (is_spot) options.prices[pool] = {of_type.on_demand_per_hour.micros * percent / 100};
          }
    });
    world_.fibers.spawn(k_world, [&world = world_, amount] {
      world.fibers.sleep_for(amount);
      world.aws->configure([](FakeAwsOptions& options) {
        options.capacity.clear();
        options.prices.clear();
      });
    });
    return true;
  }

  bool begin_outage(Edge edge, Millis amount) {
    SteadyTime& until = world_.outage_until[static_cast<std::size_t>(edge)];
    until = std::max(until, world_.clock.steady() + amount);
    return true;
  }

  // Whoever loses the file starts with an empty one, which takes a restart.
  bool lose_ledger() {
    for (const auto& server : world_.servers) server->kill(Seconds{1});
    world_.look();  // what was written a moment ago is lost with the rest
    world_.lose_ledger();
    return true;
  }

  bool step_clock(Server& server, Millis amount, std::uint64_t detail) {
    const Millis skew = std::clamp(server.clock().skew() + amount, -k_skew_max, k_skew_max);
    server.clock().step(skew - server.clock().skew());
    set_right_later(server, detail);
    return true;
  }

  // As NTP does some time later.
  void set_right_later(Server& server, std::uint64_t detail) {
    const Millis until_right = Seconds(60 + static_cast<std::int64_t>(detail % 1800));
    world_.fibers.spawn(k_world, [&world = world_, &server, until_right] {
      world.fibers.sleep_for(until_right);
      server.clock().set_right();
    });
  }

  SimWorld& world_;
  SeededEntropy entropy_;
};

// What goes wrong while nothing exists goes wrong for nobody: only time in which there is something
// counts.
void pass_busy_time(SimWorld& world, Millis d) {
  constexpr Millis k_step = Seconds{60};
  while (d > Millis{0}) {
    const SteadyTime began = world.clock.steady();
    const bool was_quiet = world.is_quiet();
    world.rest_until(began + std::min(d, k_step));
    if (!was_quiet) d -= world.clock.steady() - began;
  }
}

}  // namespace

void trouble_forever(SimWorld& world) {
  constexpr Millis k_soon = Seconds{240};
  Trouble trouble(world);
  SeededEntropy aims(world.seed * 104'729 + 333'337);
  while (const auto draw = world.faults.next_in_world()) {
    const Millis after = world.scenario.is_aimed ? std::min(draw->after, k_soon) : draw->after;
    pass_busy_time(world, after);
    if (world.scenario.is_aimed) (void)await_moment(world, aims);
    trouble.happen(*draw);
  }
}

}  // namespace mayfly::lab::sim
