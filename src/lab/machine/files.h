#pragma once

// The few file operations that the machines need, with errors as values (Code::internal).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::lab {

// With its parents; it may exist.
[[nodiscard]] Status make_directory(const std::string& path);
// wanted, made where it is missing; where wanted is empty, a new one below /tmp that begins with
// name.
[[nodiscard]] Result<std::string> working_directory(const std::string& wanted,
                                                    const std::string& name);
[[nodiscard]] Status write_file(const std::string& path, std::string_view bytes);
[[nodiscard]] Result<std::string> read_file(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
void remove_all(const std::string& path);

// Runs to its end, at most 20 s. Anything but status 0 is an error that names the program.
[[nodiscard]] Status run_command(const std::vector<std::string>& argv);

}  // namespace mayfly::lab
