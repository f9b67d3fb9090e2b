#pragma once

// What every target checks with. A law that does not hold ends the process with its sentence, which
// libFuzzer and the replay both take for a crash.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/codes.h"
#include "base/result.h"
#include "base/text.h"

namespace mayfly::fuzz {

// shown is printed with it, made printable.
inline void law(bool holds, const char* sentence, std::string_view shown = "") {
  if (holds) return;
  std::fprintf(stderr, "broken law: %s\n", sentence);
  if (!shown.empty()) std::fprintf(stderr, "  with: %s\n", printable(shown, 2000).c_str());
  std::abort();
}

// libFuzzer gives a null pointer for an empty input.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  // The one way to read bytes as text.
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Takes the first line, without its end, off the text.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

// Nothing that could move a terminal's cursor or end a log line: printable ASCII.
inline bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// What holds of every refusal, whatever was refused.
inline void check_error(const Error& error) {
  constexpr std::size_t k_message_max = 1024;
  law(code_named(info(error.code).name) == error.code, "an error has a documented code");
  law(error.code != Code::internal, "no input is answered with a bug", error.message);
  law(!error.message.empty(), "an error says why");
  law(is_clean(error.message), "nothing foreign gets raw into a message", error.message);
  law(error.message.size() <= k_message_max, "a message stays short whatever came in",
      error.message);
}

}  // namespace mayfly::fuzz
