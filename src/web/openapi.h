#pragma once

// openapi.json beside this file, byte for byte: what GET /openapi.json answers with.

#include <string_view>

namespace mayfly {

[[nodiscard]] std::string_view openapi_description();

}  // namespace mayfly
