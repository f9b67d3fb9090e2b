#include "lab/machine/model_machines.h"

namespace mayfly::lab {

void ModelMachines::on_running(const Machine& machine) {
  machines_[machine.id] = std::make_shared<ModelMachine>(machine, options_, seams_);
}

void ModelMachines::on_stopping(const InstanceId& id) {
  const auto found = machines_.find(id);
  if (found == machines_.end()) return;
  found->second->stop();
  machines_.erase(found);
}

void ModelMachines::step() {
  // A copy: machines may come and go while one of them waits for an answer.
  const auto machines = machines_;
  for (const auto& [id, machine] : machines) {
    if (!machines_.contains(id)) continue;
    machine->step();
    if (!machine->is_off() || machines_.erase(id) == 0) continue;
    power_.power_off(id);
  }
}

std::optional<SteadyTime> ModelMachines::next_step() const {
  std::optional<SteadyTime> next;
  for (const auto& [id, machine] : machines_) {
    const auto due = machine->due();
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

}  // namespace mayfly::lab
