#include "lab/sim/canaries.h"

#include <cstring>

namespace mayfly::lab::sim {
namespace {

constexpr std::size_t k_beginning = 8;
constexpr std::uint64_t k_mixer = 0x9E3779B97F4A7C15ULL;
constexpr int k_shift = 48;

std::uint64_t beginning_of(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, k_beginning);
  return bytes;
}

std::size_t slot_of(std::uint64_t beginning) {
  return static_cast<std::size_t>((beginning * k_mixer) >> k_shift);
}

}  // namespace

bool Canaries::add(const std::string& value, const std::string& what) {
  if (value.size() < k_beginning) return false;
  const std::uint64_t beginning = beginning_of(value.data());
  const auto [first, last] = by_beginning_.equal_range(beginning);
  for (auto at = first; at != last; ++at)
    if (at->second.value == value) return true;
  by_beginning_.emplace(beginning, Canary{value, what});
  may_begin_[slot_of(beginning)] = true;
  return true;
}

void Canaries::remove(const std::string& value) {
  std::erase_if(by_beginning_, [&](const auto& entry) { return entry.second.value == value; });
}

template <class Fn>
void Canaries::each_in(std::string_view text, Fn&& fn) const {
  for (std::size_t i = 0; i + k_beginning <= text.size(); ++i) {
    const std::uint64_t beginning = beginning_of(text.data() + i);
    if (!may_begin_[slot_of(beginning)]) continue;
    const auto [first, last] = by_beginning_.equal_range(beginning);
    for (auto at = first; at != last; ++at)
      if (text.substr(i).starts_with(at->second.value) && !fn(at->second)) return;
  }
}

std::optional<std::string> Canaries::find_in(std::string_view text) const {
  return find_in(text, {});
}

std::optional<std::string> Canaries::find_in(std::string_view text,
                                             std::string_view allowed) const {
  std::optional<std::string> found;
  each_in(text, [&](const Canary& canary) {
    if (canary.value == allowed) return true;
    found = canary.what;
    return false;
  });
  return found;
}

std::vector<std::string> Canaries::values_in(std::string_view text) const {
  std::vector<std::string> found;
  each_in(text, [&](const Canary& canary) {
    found.push_back(canary.value);
    return true;
  });
  return found;
}

}  // namespace mayfly::lab::sim
