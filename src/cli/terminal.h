#pragma once

// What only a person at a terminal gets: colours, progress, a screen that is drawn anew. Where
// standard output or error is a file or a pipe, none of it is written.

#include <cstddef>
#include <string>
#include <string_view>

namespace mayfly::cli {

[[nodiscard]] bool is_terminal(int fd);

enum class Tone { good, warning, bad, quiet };

// The text, in colour where standard output is a terminal and NO_COLOR is not set.
[[nodiscard]] std::string toned(Tone tone, std::string_view text);

// "reading leases: 300 of 1200" on standard error, drawn over itself; clear() takes it away.
void show_progress(std::string_view doing, std::size_t done, std::size_t of);
void clear_progress();

// What clears the terminal and puts the cursor at its top.
inline constexpr const char* k_clear_screen = "\x1b[H\x1b[2J";

}  // namespace mayfly::cli
