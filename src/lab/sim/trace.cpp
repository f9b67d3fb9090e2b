#include "lab/sim/trace.h"

namespace mayfly::lab::sim {

void Trace::mix(std::string_view text) {
  for (const char c : text) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 1099511628211ULL;
  }
  hash_ ^= 0xFF;  // ends the field: "ab","c" is not "a","bc"
  hash_ *= 1099511628211ULL;
}

void Trace::line(SteadyTime at, std::string_view who, std::string_view what,
                 std::string_view detail) {
  ++lines_;
  const std::string time = std::to_string(at.time_since_epoch().count());
  mix(time);
  mix(who);
  mix(what);
  mix(detail);
  if (on_line)
    on_line(time + " " + std::string(who) + " " + std::string(what) + " " + std::string(detail));
}

}  // namespace mayfly::lab::sim
