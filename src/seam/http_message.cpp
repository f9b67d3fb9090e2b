#include "seam/http_message.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && to_lower(a) == to_lower(b);
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  list_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(list_, [&](const Header& h) { return same_name(h.name, name); });
  add(std::string(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& h : list_)
    if (same_name(h.name, name)) return h.value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      list_.begin(), list_.end(), [&](const Header& h) { return same_name(h.name, name); }));
}

}  // namespace mayfly
