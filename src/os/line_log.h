#pragma once

// Where log events go: one line each, to a file descriptor, in one write(2), so that lines of
// several threads and processes never mix. JSON for machines:
//   {"at":"2026-11-23T20:15:30.250Z","level":"info","event":"lease-launched","lease":"l-…"}
// and a short form for a person at a terminal:
//   20:15:30 info lease-launched lease=l-… instance=i-…
// Values are foreign text. In JSON control characters are escaped and bytes that are not UTF-8
// become U+FFFD; at a terminal everything but printable ASCII is escaped, so that no value can move
// the cursor. A value is cut at 8 KiB. A descriptor that cannot be written to loses the line.

#include <span>
#include <string>

#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly::os {

enum class LogForm { json, human, human_in_colours };

// JSON unless fd is a terminal; colours only where the environment does not set NO_COLOR.
[[nodiscard]] LogForm log_form_for(int fd);

struct LogOptions {
  int fd = 2;
  LogLevel level_min = LogLevel::info;
  LogForm form = LogForm::json;
};

class LineLog final : public Log {
 public:
  LineLog(Clock& clock, LogOptions options) : clock_(clock), options_(options) {}

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  Clock& clock_;
  const LogOptions options_;
};

// One line with its newline.
[[nodiscard]] std::string log_line(LogForm form, WallTime at, LogLevel level,
                                   std::string_view event, std::span<const LogField> fields);

}  // namespace mayfly::os
