#pragma once

// The text form of a SecretReference.

#include <optional>
#include <string_view>

#include "config/config.h"

namespace mayfly {

// "env:NAME", "file:/absolute/path", "ssm:/parameter/name". Anything else may be a secret itself:
// a caller must not repeat it in a message.
[[nodiscard]] std::optional<SecretReference> parse_secret_reference(std::string_view text);

}  // namespace mayfly
