#pragma once

// The modelled machines (lab/machine), each as a fiber of its own, so that one that waits for an
// answer holds up no other. Which machine behaves how is drawn from the seed. One thread.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "lab/machine/model_machine.h"
#include "lab/rig/seams.h"

namespace mayfly::lab::sim {

class SimWorld;

class SimMachines final : public MachineObserver {
 public:
  SimMachines(SimWorld& world, std::uint64_t seed);
  ~SimMachines() override;

  void on_running(const Machine& machine) override;
  void on_stopping(const InstanceId& id) override;

  // honest for one that was never seen.
  [[nodiscard]] Behaviour behaviour_of(const InstanceId& id) const;
  [[nodiscard]]  // Faulty or hostile: anything may come of it but harm to others.
  bool
  is_hostile(const InstanceId& id) const;

 private:
  struct Player;

  [[nodiscard]] Behaviour draw();

  SimWorld& world_;
  SeededEntropy entropy_;
  SeededEntropy behaviour_entropy_;
  ModelOptions options_;
  std::map<InstanceId, std::shared_ptr<Player>> machines_;
  std::map<InstanceId, Behaviour> behaviours_;
};

}  // namespace mayfly::lab::sim
