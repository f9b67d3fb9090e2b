#pragma once

// Which of the corners that matter a simulation has really been in. situations.def names them all:
// a simulator that no longer reaches one is blind there, and says so. Some are rare: five minutes
// on two processors may pass without them. All others every campaign of five minutes reaches. One
// thread.

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::lab::sim {

enum class Situation : std::size_t {
#define MAYFLY_SITUATION(name, text) name,
#include "lab/sim/situations.def"
#undef MAYFLY_SITUATION
  count_
};
inline constexpr std::size_t k_situations = static_cast<std::size_t>(Situation::count_);

[[nodiscard]] std::string_view text_of(Situation situation);  // "claim arrives after relaunch"
// As situations.def spells it: "killed_after_create_fleet".
[[nodiscard]] std::string_view name_of(Situation situation);
// none: no situation has this name.
[[nodiscard]] std::optional<Situation> situation_named(std::string_view name);

[[nodiscard]] bool is_rare(Situation situation);

class Situations {
 public:
  void reached(Situation situation) { seen_.set(static_cast<std::size_t>(situation)); }
  void merge(const Situations& other) { seen_ |= other.seen_; }
  [[nodiscard]] std::size_t count() const { return seen_.count(); }
  [[nodiscard]] bool has(Situation situation) const {
    return seen_.test(static_cast<std::size_t>(situation));
  }
  // Their texts: of the rare ones, or of those that are not.
  [[nodiscard]] std::vector<std::string_view> missing(bool rare) const;
  [[nodiscard]] bool has_all_but_rare() const { return missing(false).empty(); }

 private:
  std::bitset<k_situations> seen_;
};

}  // namespace mayfly::lab::sim
