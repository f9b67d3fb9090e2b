#pragma once

// Where the owner grants what GitHub says is missing, for a token and for an App.

#include <string>

#include "config/config.h"

namespace mayfly {

// Empty where the error's own remedy is all there is to say.
[[nodiscard]] std::string github_remedy(const Config& config, const Error& error);

// Where people find the GitHub behind that API: "https://github.com", or an Enterprise Server.
[[nodiscard]] std::string github_web_url(const std::string& api_url);

}  // namespace mayfly
