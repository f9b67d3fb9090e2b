#pragma once

// The manual page and the completion of shells, made from the definitions that --help is made from.
// Pure.

#include <CLI/App.hpp>
#include <string>

namespace mayfly::cli {

// mayfly(1) in roff, for `man -l`.
[[nodiscard]] std::string manual_page(const CLI::App& app);
// For bash: `source <(mayfly completion bash)`.
[[nodiscard]] std::string bash_completion(const CLI::App& app);

}  // namespace mayfly::cli
