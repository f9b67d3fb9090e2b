#pragma once

// The user data of every machine: boot.sh, as it stands beside this file, byte for byte. A
// constant: nothing is ever put into it, so no byte of a caller can get there. EC2 takes at most 16
// KiB of user data, counted before base64 (facts.md B2).

#include <string_view>

namespace mayfly {

[[nodiscard]] std::string_view boot_script();

}  // namespace mayfly
