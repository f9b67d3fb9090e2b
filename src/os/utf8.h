#pragma once

// Which bytes are well-formed UTF-8 (RFC 3629), for a log that must be nothing else.

#include <cstddef>
#include <string_view>

namespace mayfly::os {

// The length (1 to 4) of the well-formed UTF-8 sequence that text starts with, or 0 where it starts
// with none: overlong forms, surrogates and code points above U+10FFFF are not well-formed.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);

}  // namespace mayfly::os
