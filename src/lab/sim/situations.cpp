#include "lab/sim/situations.h"

#include <array>
#include <map>
#include <utility>

namespace mayfly::lab::sim {
namespace {

struct Entry {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Entry, k_situations> k_entries = {{
#define MAYFLY_SITUATION(name, text) {#name, text},
#include "lab/sim/situations.def"
#undef MAYFLY_SITUATION
}};

std::map<std::string_view, Situation> index_names() {
  std::map<std::string_view, Situation> all;
  for (std::size_t i = 0; i < k_entries.size(); ++i)
    all[k_entries[i].name] = static_cast<Situation>(i);
  return all;
}

}  // namespace

std::string_view text_of(Situation situation) {
  return k_entries[static_cast<std::size_t>(situation)].text;
}

std::string_view name_of(Situation situation) {
  return k_entries[static_cast<std::size_t>(situation)].name;
}

std::optional<Situation> situation_named(std::string_view name) {
  static const std::map<std::string_view, Situation> names = index_names();
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string_view> Situations::missing() const {
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < k_situations; ++i)
    if (!seen_.test(i)) texts.push_back(k_entries[i].text);
  return texts;
}

}  // namespace mayfly::lab::sim
