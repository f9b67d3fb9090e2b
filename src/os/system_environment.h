#pragma once

// The process's environment variables and small regular files. A pipe, a device or a terminal is
// refused rather than waited for. Nothing in the program changes the environment while it runs.

#include "seam/environment.h"

namespace mayfly::os {

class SystemEnvironment final : public Environment {
 public:
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) override;
  [[nodiscard]] Result<std::string> read_file(const std::string& path) override;
};

}  // namespace mayfly::os
