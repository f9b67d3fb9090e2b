#pragma once

// The label a seed client sends. The whole text must match: the configured prefix, then letters,
// digits and underscores only. So a label can be no option, no list, no wildcard and no second
// line; the seed checked only how it began (reliability.md 3.3).

#include <optional>
#include <string>
#include <string_view>

namespace mayfly {

inline constexpr std::size_t k_seed_label_max = 100;

[[nodiscard]] bool is_seed_label(std::string_view text, std::string_view prefix);

}  // namespace mayfly
