#include "seam/line_limit.h"

#include <string>
#include <utility>

namespace mayfly {

void LineLimit::write(LogLevel level, std::string_view event,
                      std::initializer_list<LogField> fields) {
  const SteadyTime now = clock_.steady();
  std::uint64_t left_out = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (bucket_.wait(size_, now)) {
      ++left_out_;
      return;
    }
    bucket_.take(size_, now);
    left_out = std::exchange(left_out_, 0);
  }
  if (left_out > 0) log_.info("lines-left-out", {{"count", std::to_string(left_out)}});
  log_.write(level, event, fields);
}

}  // namespace mayfly
