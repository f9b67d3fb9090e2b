#include "http/date.h"

#include <algorithm>
#include <array>
#include <string>

namespace mayfly {
namespace {

constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view k_shape = "Thu, 26 Nov 2026 06:53:22 GMT";

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (text.size() != k_shape.size() || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ')
    return std::nullopt;
  const auto month = std::find(k_months.begin(), k_months.end(), text.substr(8, 3));
  if (month == k_months.end()) return std::nullopt;
  const auto number = static_cast<int>(month - k_months.begin()) + 1;
  const std::string two = (number < 10 ? "0" : "") + std::to_string(number);
  return parse_iso8601(std::string(text.substr(12, 4)) + "-" + two + "-" +
                       std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) +
                       "Z");
}

}  // namespace mayfly
