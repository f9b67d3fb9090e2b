#pragma once

// The stand-in runner (stand_in_runner.sh) packed like GitHub's own: a tar.gz with run.sh in it,
// for the emulated GitHub to offer as its download. The same bytes every time.

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::lab {

struct RunnerArchive {
  std::string bytes;
  std::string sha256;  // of bytes, hex
};

// Works below directory, which exists, and leaves nothing there. Code::internal when tar fails.
[[nodiscard]] Result<RunnerArchive> make_runner_archive(const std::string& directory);

[[nodiscard]] std::string_view stand_in_runner_script();

}  // namespace mayfly::lab
