#pragma once

// Machines without processes, for load and for simulation: whoever drives FakeAws::advance() also
// calls step(), which lets every machine do what is due by the Clock. Deterministic: the same
// clock, answers and entropy give the same calls in the same order. Thread rule: one thread, or
// fibers of one thread: a machine may be stopped during its own step.

#include <map>
#include <memory>
#include <optional>

#include "lab/machine/model_machine.h"

namespace mayfly::lab {

class ModelMachines final : public MachineObserver {
 public:
  ModelMachines(const ModelSeams& seams, MachinePower& power, ModelOptions options)
      : seams_(seams), power_(power), options_(std::move(options)) {}

  void on_running(const Machine& machine) override;
  void on_stopping(const InstanceId& id) override;

  void step();
  // When step() will next have something to do; none: not before another machine starts.
  [[nodiscard]] std::optional<SteadyTime> next_step() const;
  [[nodiscard]] std::size_t count() const { return machines_.size(); }

 private:
  ModelSeams seams_;
  MachinePower& power_;
  ModelOptions options_;
  std::map<InstanceId, std::shared_ptr<ModelMachine>> machines_;
};

}  // namespace mayfly::lab
