#include "lab/rig/seams.h"

#include <algorithm>

namespace mayfly::lab {

void VirtualClock::sleep_until(SteadyTime t) {
  if (live_ && steady_ < t) live_(t);
  if (steady_ < t) pass(t - steady_);
}

void VirtualClock::pass(Millis d) {
  wall_ += d;
  steady_ += d;
}

void SeededEntropy::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& byte : out) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    byte = static_cast<std::uint8_t>(z >> 56);
  }
}

void CapturingLog::write(LogLevel level, std::string_view event,
                         std::initializer_list<LogField> fields) {
  Line line{level, std::string(event), {}};
  for (const LogField& field : fields) line.fields[std::string(field.name)] = field.value;
  lines_.push_back(std::move(line));
}

int CapturingLog::count(std::string_view event) const {
  return static_cast<int>(std::count_if(lines_.begin(), lines_.end(),
                                        [&](const Line& line) { return line.event == event; }));
}

std::optional<std::string> FixedEnvironment::variable(const std::string& name) {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> FixedEnvironment::read_file(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return fail(Code::secret_unreadable, "there is no file " + path);
  return found->second;
}

}  // namespace mayfly::lab
