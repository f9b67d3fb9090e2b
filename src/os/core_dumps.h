#pragma once

// Secrets live in memory: no core file may take them to a disk, and no other process of the same
// user may read them there.

namespace mayfly::os {

// From now on the process leaves no core, whether into a file or to a collector, and only root can
// trace it or read its memory and environment under /proc.
void forbid_core_dumps();

}  // namespace mayfly::os
