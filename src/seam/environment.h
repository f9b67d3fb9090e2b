#pragma once

// The seam to the process's surroundings: environment variables and small files (configuration,
// secrets, credentials). Thread rule: callable from any thread.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

class Environment {
 public:
  Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  virtual ~Environment() = default;

  // Unset and empty are the same: none.
  [[nodiscard]] virtual std::optional<std::string> variable(const std::string& name) = 0;
  // At most 1 MiB. Code::secret_unreadable when it cannot be read.
  [[nodiscard]] virtual Result<std::string> read_file(const std::string& path) = 0;
};

}  // namespace mayfly
