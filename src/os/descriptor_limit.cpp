#include "os/descriptor_limit.h"

#include <sys/resource.h>

#include "base/result.h"

namespace mayfly::os {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  MAYFLY_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

}  // namespace mayfly::os
