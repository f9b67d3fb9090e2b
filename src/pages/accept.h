#pragma once

// Which form of an answer a client would rather have, by its Accept header (RFC 9110, 12.5.1).

#include <optional>
#include <string_view>

#include "seam/http_message.h"

namespace mayfly::pages {

enum class Form { json, html, text };

// JSON where nothing is said, where "*/*" is (curl), and where the header cannot be understood;
// else what has the highest quality, and of equals JSON before HTML before text.
[[nodiscard]] Form preferred_form(const HttpRequest& request);

}  // namespace mayfly::pages
