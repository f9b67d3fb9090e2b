#include "lease/label.h"

#include "base/text.h"

namespace mayfly {

bool is_seed_label(std::string_view text, std::string_view prefix) {
  constexpr std::string_view k_alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  return text.size() <= k_seed_label_max && text.size() > prefix.size() &&
         text.starts_with(prefix) && is_all_of(text, k_alphabet);
}

}  // namespace mayfly
