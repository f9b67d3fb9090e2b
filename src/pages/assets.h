#pragma once

// The style sheet, the script and the icon, which are part of the program. Each is served under a
// path that names its content, so that it may be kept for ever.

#include <optional>
#include <string>
#include <string_view>

#include "seam/http_message.h"

namespace mayfly::pages {

// Below the root of the pages: "assets/page-0123456789ab.css".
[[nodiscard]] std::string style_path();
[[nodiscard]] std::string script_path();
[[nodiscard]] std::string icon_path();

// For a path such as "/assets/page-0123456789ab.css"; none if it names no asset of this program.
[[nodiscard]] std::optional<HttpResponse> asset_response(std::string_view path);

}  // namespace mayfly::pages
