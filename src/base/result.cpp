#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace mayfly {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "mayfly: broken invariant: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace mayfly
