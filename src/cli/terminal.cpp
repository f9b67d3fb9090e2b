#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>

#include "os/line_log.h"

namespace mayfly::cli {

bool is_terminal(int fd) { return isatty(fd) == 1; }

std::string toned(Tone tone, std::string_view text) {
  static const bool in_colours = os::log_form_for(1) == os::LogForm::human_in_colours;
  if (!in_colours) return std::string(text);
  const char* colour = "\x1b[2m";
  if (tone == Tone::good) colour = "\x1b[32m";
  if (tone == Tone::warning) colour = "\x1b[33m";
  if (tone == Tone::bad) colour = "\x1b[31m";
  return colour + std::string(text) + "\x1b[0m";
}

void show_progress(std::string_view doing, std::size_t done, std::size_t of) {
  if (!is_terminal(2)) return;
  std::fprintf(stderr, "\r%.*s: %zu of %zu\x1b[K", static_cast<int>(doing.size()), doing.data(),
               done, of);
}

void clear_progress() {
  if (is_terminal(2)) std::fputs("\r\x1b[K", stderr);
}

}  // namespace mayfly::cli
