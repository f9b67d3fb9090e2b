#pragma once

// Finds secrets in text: a set of values of which none may turn up, and one pass over a text that
// finds any of them, whatever their number. One thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::lab::sim {

class Canaries {
 public:
  // A value shorter than eight bytes would be found by chance and is refused: false.
  bool add(const std::string& value, const std::string& what);
  void remove(const std::string& value);
  // What the first one found is; none: the text has none of them.
  [[nodiscard]] std::optional<std::string> find_in(std::string_view text) const;
  // Likewise, where this one may stand.
  [[nodiscard]] std::optional<std::string> find_in(std::string_view text,
                                                   std::string_view allowed) const;
  // Every one that the text has.
  [[nodiscard]] std::vector<std::string> values_in(std::string_view text) const;

 private:
  struct Canary {
    std::string value;
    std::string what;
  };
  template <class Fn>
  void each_in(std::string_view text, Fn&& fn) const;

  std::multimap<std::uint64_t, Canary> by_beginning_;
  std::vector<bool> may_begin_ = std::vector<bool>(std::size_t{1} << 16);
};

}  // namespace mayfly::lab::sim
