#pragma once

// The machine's record that goes with a change of its lease: made when the machine becomes known,
// closed when it is confirmed ended.

#include <optional>

#include "lease/lease.h"

namespace mayfly {

[[nodiscard]] std::optional<MachineRecord> machine_record(const Lease& before, const Lease& after,
                                                          WallTime now);

}  // namespace mayfly
