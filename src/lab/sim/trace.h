#pragma once

// What happened, as one number: a hash over every line of a simulation's history. Two histories are
// the same when their numbers are. With on_line, each line can also be read. One thread.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mayfly::lab::sim {

class Trace {
 public:
  // FNV-1a, 64 bits; the time is part of the line.
  void line(SteadyTime at, std::string_view who, std::string_view what,
            std::string_view detail = {});
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

  std::function<void(const std::string&)> on_line = {};

 private:
  void mix(std::string_view text);

  std::uint64_t hash_ = 14695981039346656037ULL;
  std::uint64_t lines_ = 0;
};

}  // namespace mayfly::lab::sim
