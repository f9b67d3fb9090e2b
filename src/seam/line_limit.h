#pragma once

// A log for what strangers can cause at will: a refusal must not cost a line each. So many lines a
// minute are written; of the rest, one line says how many there were, before the next that is
// written. Thread rule: safe from many threads; no lock is held while a line is written.

#include <cstdint>
#include <mutex>

#include "base/token_bucket.h"
#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly {

class LineLimit final : public Log {
 public:
  LineLimit(Clock& clock, Log& log, int lines_per_minute)
      : clock_(clock), log_(log), size_{lines_per_minute, lines_per_minute} {}

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  Clock& clock_;
  Log& log_;
  const BucketSize size_;
  std::mutex mutex_;
  TokenBucket bucket_;
  std::uint64_t left_out_ = 0;
};

}  // namespace mayfly
