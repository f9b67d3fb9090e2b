#include "os/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/result.h"

namespace mayfly::os {

void forbid_core_dumps() {
  const rlimit none{0, 0};
  MAYFLY_CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
  // A collector (core_pattern with a pipe) is not bound by the limit.
  MAYFLY_CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
}

}  // namespace mayfly::os
