#pragma once

// The seam to the log: one event a line, as a name and fields. The sink escapes every value;
// secrets cannot get in because Secret has no conversion. Thread rule: callable from any thread.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mayfly {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view name;
  std::string value;
  bool is_number = false;  // of JSON; else a text

  [[nodiscard]] static LogField number(std::string_view name, std::int64_t value) {
    return {name, std::to_string(value), true};
  }
};

class Log {
 public:
  Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  virtual ~Log() = default;

  // event is a stable name in kebab-case: "lease-launched".
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;

  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
};

}  // namespace mayfly
