#pragma once

// Every key that the configuration may have, as data: what the parser refuses, what it proposes
// instead, and what a test looks for in the sample.

#include <span>
#include <string>
#include <string_view>

namespace mayfly {

struct SectionKeys {
  std::string_view section;  // "" for the top of the file
  std::span<const std::string_view> keys;
};

[[nodiscard]] std::span<const SectionKeys> all_sections();
[[nodiscard]] std::span<const std::string_view> keys_of(std::string_view section);

// "machine.lifetime"; a key at the top of the file has no dot.
[[nodiscard]] std::string full_key(std::string_view section, std::string_view key);
// "did you mean machine.lifetime?", or the list of what is allowed.
[[nodiscard]] std::string advice_for(std::string_view section, std::string_view wrong_key);

}  // namespace mayfly
