#include "os/line_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "os/utf8.h"

namespace mayfly::os {
namespace {

constexpr std::size_t k_value_max = 8 * 1024;

struct LevelStyle {
  std::string_view name;
  std::string_view colour;
};

LevelStyle style_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return {"debug", "\x1b[2m"};
    case LogLevel::info:
      return {"info", "\x1b[32m"};
    case LogLevel::warning:
      return {"warning", "\x1b[33m"};
    case LogLevel::error:
      return {"error", "\x1b[31m"};
  }
  return {"unknown", ""};
}

std::string json_escape_of(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  const auto byte = static_cast<std::uint8_t>(c);
  return "\\u00" + to_hex(std::span(&byte, 1));
}

void append_json_string(std::string& out, std::string_view text) {
  const bool is_cut = text.size() > k_value_max;
  text = text.substr(0, k_value_max);
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    const char c = text.front();
    if (length == 0)
      out += "\\ufffd";
    else if (length == 1 && (c < 0x20 || c == 0x7f || c == '"' || c == '\\'))
      out += json_escape_of(c);
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  if (is_cut) out += "\\u2026";
  out += '"';
}

void append_json_field(std::string& out, std::string_view name, std::string_view value,
                       bool is_number = false) {
  out += out.size() == 1 ? "" : ",";
  append_json_string(out, name);
  out += ':';
  if (is_number)
    out += value;
  else
    append_json_string(out, value);
}

std::string json_line(WallTime at, LogLevel level, std::string_view event,
                      std::span<const LogField> fields) {
  std::string out = "{";
  append_json_field(out, "at", iso8601_millis(at));
  append_json_field(out, "level", style_of(level).name);
  append_json_field(out, "event", event);
  for (const LogField& field : fields)
    append_json_field(out, field.name, field.value, field.is_number);
  return out + "}\n";
}

std::string human_value(const std::string& value) {
  const std::string text = printable(value, k_value_max);
  const bool needs_quotes = text.empty() || text.find_first_of(" =\"") != std::string::npos;
  return needs_quotes ? '"' + text + '"' : text;
}

std::string human_line(bool in_colours, WallTime at, LogLevel level, std::string_view event,
                       std::span<const LogField> fields) {
  const LevelStyle style = style_of(level);
  std::string out = iso8601(at).substr(11, 8) + ' ';
  if (in_colours) out += style.colour;
  out += style.name;
  if (in_colours) out += "\x1b[0m";
  out += ' ' + printable(event);
  for (const LogField& field : fields)
    out += ' ' + printable(field.name) + '=' + human_value(field.value);
  return out + '\n';
}

void write_all(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

LogForm log_form_for(int fd) {
  if (isatty(fd) != 1) return LogForm::json;
  const char* no_color = std::getenv("NO_COLOR");
  const bool has_no_color = no_color != nullptr && *no_color != '\0';
  return has_no_color ? LogForm::human : LogForm::human_in_colours;
}

std::string log_line(LogForm form, WallTime at, LogLevel level, std::string_view event,
                     std::span<const LogField> fields) {
  if (form == LogForm::json) return json_line(at, level, event, fields);
  return human_line(form == LogForm::human_in_colours, at, level, event, fields);
}

void LineLog::write(LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) {
  if (level < options_.level_min) return;
  write_all(options_.fd,
            log_line(options_.form, clock_.wall(), level, event, {fields.begin(), fields.size()}));
}

}  // namespace mayfly::os
