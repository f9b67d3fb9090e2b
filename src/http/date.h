#pragma once

// The Date header of an answer.

#include <optional>
#include <string_view>

#include "base/time.h"

namespace mayfly {

// "Thu, 26 Nov 2026 06:53:22 GMT", the one form that RFC 9110 lets a server write; the weekday is
// not looked at.
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace mayfly
