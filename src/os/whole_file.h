#pragma once

// Files that an operator names on the command line: read as a whole, and added to at the end.
//
// Errors: ledger_unavailable with the path and the system's word; nothing was read or, but for a
// full disk, written.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::os {

inline constexpr std::size_t k_whole_file_max = std::size_t{512} * 1024 * 1024;

// None: there is no such file. At most k_whole_file_max bytes.
[[nodiscard]] Result<std::optional<std::string>> read_whole(const std::string& path);
// Makes the file where there is none. On disk when it returns.
[[nodiscard]] Status append_to(const std::string& path, std::string_view text);

}  // namespace mayfly::os
