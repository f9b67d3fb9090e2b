#include "lab/sim/machines.h"

#include <array>

#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {

namespace {

constexpr std::array k_bad = {
    Behaviour::crashes_in_job,     Behaviour::hangs,         Behaviour::mute_after_claim,
    Behaviour::never_exits,        Behaviour::replays_claim, Behaviour::never_exits,
    Behaviour::claims_for_another, Behaviour::floods_events, Behaviour::clock_off};

}  // namespace

// One machine with its own way to the world, so that it is known who asks.
struct SimMachines::Player {
  Player(SimMachines& all, const Machine& machine)
      : net(all.world_, machine.id.text),
        clock(all.world_),
        seams{net, clock, all.entropy_},
        model(machine, all.options_, seams) {}

  class Net final : public HttpTransport {
   public:
    Net(SimWorld& world, const std::string& id) : world_(world), who_("machine " + id) {}
    Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override {
      return world_.machine_send(who_, request, deadline);
    }

   private:
    SimWorld& world_;
    const std::string who_;
  };

  Net net;
  SkewedClock clock;
  ModelSeams seams;
  ModelMachine model;
};

SimMachines::SimMachines(SimWorld& world, std::uint64_t seed)
    : world_(world), entropy_(seed), behaviour_entropy_(seed + 1) {
  // The timer would end most machines before anybody else has to.
  options_.arms_timer = behaviour_entropy_.below(2) == 0;
  options_.others = [this] {
    std::vector<std::pair<std::string, std::string>> others;
    if (const auto known = world_.ledger().recent(6))
      for (const Lease& lease : *known)
        others.emplace_back(lease.id.text, lease.launch.instance_id.text);
    return others;
  };
  options_.behaviour = [this](const Machine& machine) { return behaviours_.at(machine.id); };
}

SimMachines::~SimMachines() = default;

Behaviour SimMachines::draw() {
  const auto roll = static_cast<int>(behaviour_entropy_.below(1000));
  const Scenario& scenario = world_.scenario;
  if (roll < scenario.dead) return Behaviour::dead;
  if (roll < scenario.dead + scenario.slow) return Behaviour::slow_boot;
  const int rest = roll - scenario.dead - scenario.slow;
  if (rest >= scenario.hostile) return Behaviour::honest;
  return k_bad[static_cast<std::size_t>(rest) % k_bad.size()];
}

void SimMachines::on_running(const Machine& machine) {
  const auto deployment = machine.tags.find(k_tag_deployment);
  if (deployment == machine.tags.end() || deployment->second != world_.config.deployment) return;
  behaviours_[machine.id] = draw();
  auto player = std::make_shared<Player>(*this, machine);
  machines_[machine.id] = player;
  world_.fibers.spawn(k_world, [this, player, id = machine.id] {
    while (const auto due = player->model.due()) {
      world_.fibers.sleep_until(*due);
      player->model.step();
    }
    if (player->model.is_off() && machines_.erase(id) > 0) world_.aws->power_off(id);
  });
}

void SimMachines::on_stopping(const InstanceId& id) {
  const auto found = machines_.find(id);
  if (found == machines_.end()) return;
  found->second->model.stop();
  machines_.erase(found);
}

Behaviour SimMachines::behaviour_of(const InstanceId& id) const {
  const auto found = behaviours_.find(id);
  return found == behaviours_.end() ? Behaviour::honest : found->second;
}

bool SimMachines::is_hostile(const InstanceId& id) const {
  const Behaviour behaviour = behaviour_of(id);
  return behaviour != Behaviour::honest && behaviour != Behaviour::slow_boot &&
         behaviour != Behaviour::dead;
}

}  // namespace mayfly::lab::sim
