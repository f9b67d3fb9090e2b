#include "base/time.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace mayfly {
namespace {

namespace chrono = std::chrono;

struct Fields {
  chrono::year_month_day date;
  chrono::hh_mm_ss<Millis> clock;
};

Fields fields_of(WallTime t) {
  const auto day = chrono::floor<chrono::days>(t.time_since_epoch());
  return {chrono::year_month_day{chrono::sys_days{day}},
          chrono::hh_mm_ss<Millis>{t.time_since_epoch() - day}};
}

// format takes year, month, day, hour, minute, second, milliseconds, all as int.
std::string print(const char* format, WallTime t) {
  const Fields f = fields_of(t);
  std::array<char, 96> out{};
  const int size = std::snprintf(
      out.data(), out.size(), format, static_cast<int>(f.date.year()),
      static_cast<int>(static_cast<unsigned>(f.date.month())),
      static_cast<int>(static_cast<unsigned>(f.date.day())),
      static_cast<int>(f.clock.hours().count()), static_cast<int>(f.clock.minutes().count()),
      static_cast<int>(f.clock.seconds().count()), static_cast<int>(f.clock.subseconds().count()));
  return {out.data(), static_cast<std::size_t>(size)};
}

// "2026-11-23T20:15:30" with 0 for each digit.
constexpr std::string_view k_iso_shape = "0000-00-00T00:00:00";

bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !is_digit : text[i] != shape[i]) return false;
  }
  return true;
}

int number_at(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char digit : text.substr(at, count)) value = value * 10 + (digit - '0');
  return value;
}

std::optional<WallTime> parse_seconds(std::string_view text) {
  if (!has_shape(text, k_iso_shape)) return std::nullopt;
  const chrono::year_month_day date{chrono::year{number_at(text, 0, 4)},
                                    chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
                                    chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return WallTime{chrono::sys_days{date}.time_since_epoch() + chrono::hours{hour} +
                  chrono::minutes{minute} + Seconds{second}};
}

// ".25" is 250 ms; digits beyond the third are dropped.
std::optional<Millis> parse_fraction(std::string_view text) {
  if (text.empty()) return Millis{0};
  if (text.front() != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
  if (!is_all_of(text.substr(1), "0123456789")) return std::nullopt;
  std::string digits{text.substr(1)};
  digits.resize(3, '0');
  return Millis{number_at(digits, 0, 3)};
}

struct Unit {
  std::string_view name;
  Millis size;
};

constexpr std::array k_units = {
    Unit{"ms", Millis{1}},       Unit{"s", Seconds{1}},        Unit{"m", chrono::minutes{1}},
    Unit{"h", chrono::hours{1}}, Unit{"d", chrono::hours{24}},
};

std::string two_digits(Millis::rep n) { return (n < 10 ? "0" : "") + std::to_string(n); }

}  // namespace

std::string iso8601(WallTime t) { return print("%04d-%02d-%02dT%02d:%02d:%02dZ", t); }

std::string iso8601_millis(WallTime t) { return print("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t); }

std::string iso8601_basic(WallTime t) { return print("%04d%02d%02dT%02d%02d%02dZ", t); }

std::optional<WallTime> parse_iso8601(std::string_view text) {
  if (text.ends_with('Z'))
    text.remove_suffix(1);
  else if (text.ends_with("+00:00"))
    text.remove_suffix(6);
  else
    return std::nullopt;
  const auto seconds = parse_seconds(text.substr(0, k_iso_shape.size()));
  if (!seconds) return std::nullopt;
  const auto fraction = parse_fraction(text.substr(k_iso_shape.size()));
  if (!fraction) return std::nullopt;
  return *seconds + *fraction;
}

std::string http_date(WallTime t) {
  constexpr std::array<const char*, 7> k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Fields f = fields_of(t);
  const chrono::weekday weekday{chrono::sys_days{f.date}};
  std::array<char, 64> out{};
  const int size = std::snprintf(
      out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", k_days[weekday.c_encoding()],
      static_cast<unsigned>(f.date.day()), k_months[static_cast<unsigned>(f.date.month()) - 1],
      static_cast<int>(f.date.year()), static_cast<int>(f.clock.hours().count()),
      static_cast<int>(f.clock.minutes().count()), static_cast<int>(f.clock.seconds().count()));
  return {out.data(), static_cast<std::size_t>(size)};
}

WallTime start_of_day(WallTime t) {
  return WallTime{chrono::floor<chrono::days>(t.time_since_epoch())};
}

WallTime start_of_month(WallTime t) {
  const chrono::year_month_day date = fields_of(t).date;
  return WallTime{chrono::sys_days{date.year() / date.month() / 1}.time_since_epoch()};
}

std::optional<Millis> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_int(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : k_units) {
    if (text.substr(digits) != unit.name) continue;
    if (*number > Millis::max().count() / unit.size.count()) return std::nullopt;
    return Millis{*number * unit.size.count()};
  }
  return std::nullopt;
}

std::string human_duration(Millis d) {
  const Millis::rep ms = d.count();
  if (ms == Millis::min().count()) return "forever ago";
  if (ms < 0) return "-" + human_duration(-d);
  if (ms < 1000) return std::to_string(ms) + "ms";
  const Millis::rep seconds = ms / 1000;
  if (seconds < 60) {
    const Millis::rep tenth = ms / 100 % 10;
    return std::to_string(seconds) + (tenth == 0 ? "" : "." + std::to_string(tenth)) + "s";
  }
  const Millis::rep minutes = seconds / 60;
  if (minutes < 60) {
    const Millis::rep rest = seconds % 60;
    return std::to_string(minutes) + "m" + (rest == 0 ? "" : two_digits(rest) + "s");
  }
  const Millis::rep rest = minutes % 60;
  return std::to_string(minutes / 60) + "h" + (rest == 0 ? "" : two_digits(rest) + "m");
}

}  // namespace mayfly
