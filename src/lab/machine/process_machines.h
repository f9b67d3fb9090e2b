#pragma once

// Machines as processes: each runs the user data it was launched with, under bash, as the leader of
// a process group of its own, in a directory of its own, with the jail (jail.sh) as its only
// commands. A machine is off when its script powered it off or the emulated EC2 stopped it; then
// its whole process group is killed at once, as power goes. A script that ends without a power-off
// leaves its machine on, as it would on EC2.
//
// Or each is a command of the caller's own that plays a whole machine (docs/boot.md): it gets the
// instance's directory as its argument, a root's PATH, MAYFLY_INSTANCE, MAYFLY_ADDRESS and
// MAYFLY_MAC of its network interface, and MAYFLY_IMDS, and writes
// DIRECTORY/<instance-id>/powered-off when the machine is off.
//
//   DIRECTORY/bin/             the jail, one for all
//   DIRECTORY/<instance-id>/   user-data, console.log, machine.log, and what MAYFLY_ROOT holds
//
// Thread rule: everything from the one thread that calls FakeAws::advance(), which has to live as
// long as the machines: they are killed when it ends. Destruction kills all of them.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "lab/aws/machine_observer.h"
#include "os/process.h"
#include "seam/log.h"

namespace mayfly::lab {

struct ProcessMachineOptions {
  std::string directory;     // absolute; made where it is missing; machines are left to look at
  std::string imds_url;      // "http://127.0.0.1:8080/imds": the machine's id is added
  std::string command = {};  // absolute; empty: bash and the jail
};

class ProcessMachines final : public MachineObserver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ProcessMachines>> create(
      ProcessMachineOptions options, MachinePower& power, Log& log);

  void on_running(const Machine& machine) override;
  void on_stopping(const InstanceId& id) override;

  // Tells the power of machines that switched themselves off. Call it as often as advance().
  void step();
  // Machines that are on and whose script still runs.
  [[nodiscard]] std::size_t count() const { return machines_.size(); }

 private:
  ProcessMachines(ProcessMachineOptions options, MachinePower& power, Log& log)
      : options_(std::move(options)), power_(power), log_(log) {}
  [[nodiscard]] Status start(const Machine& machine);
  [[nodiscard]] os::SpawnOptions spawn_options(const Machine& machine) const;
  [[nodiscard]] std::string root_of(const InstanceId& id) const;

  ProcessMachineOptions options_;
  MachinePower& power_;
  Log& log_;
  std::map<InstanceId, os::ChildProcess> machines_;
};

// jail.sh as it stands beside this file.
[[nodiscard]] std::string_view jail_script();

}  // namespace mayfly::lab
