#pragma once

// The seam between the emulated EC2 and whatever plays its machines. FakeAws says when a machine
// starts and when it must stop; the player says when the machine switches itself off.
//
// Thread rule: observers are called from FakeAws::advance() alone, outside its mutex, in the order
// in which things happened; they may call back into FakeAws. on_running comes once per start,
// on_stopping once after each on_running, whatever the reason: TerminateInstances, a spot
// interruption, or the machine's own power_off. A machine that never ran is never announced.

#include <string>

#include "aws/ec2.h"
#include "base/ids.h"
#include "base/time.h"

namespace mayfly::lab {

struct Machine {
  InstanceId id;
  std::string user_data;  // decoded: the script itself
  aws::Tags tags;         // as they were at launch
  std::string instance_type;
  Architecture architecture = Architecture::x86_64;
  std::string image_id;
  std::string region;
  std::string availability_zone;
  std::string private_address;
  std::string public_address;  // empty: none
  aws::Market market = aws::Market::on_demand;
  WallTime running_since{};
};

class MachineObserver {
 public:
  MachineObserver() = default;
  MachineObserver(const MachineObserver&) = delete;
  MachineObserver& operator=(const MachineObserver&) = delete;
  virtual ~MachineObserver() = default;

  virtual void on_running(const Machine& machine) = 0;
  // From here on the machine has to be silent. Unknown ids are to be ignored.
  virtual void on_stopping(const InstanceId& id) = 0;
};

// What the player of a machine may do to it from inside.
class MachinePower {
 public:
  MachinePower() = default;
  MachinePower(const MachinePower&) = delete;
  MachinePower& operator=(const MachinePower&) = delete;
  virtual ~MachinePower() = default;

  // `shutdown -h now`: ends the instance or stops it, as its shutdown behaviour says. Nothing
  // happens for a machine that is not running. Not to be called while holding a lock that the
  // observer takes.
  virtual void power_off(const InstanceId& id) = 0;
};

}  // namespace mayfly::lab
