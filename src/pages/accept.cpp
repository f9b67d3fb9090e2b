#include "pages/accept.h"

#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace mayfly::pages {
namespace {

constexpr std::size_t k_ranges_max = 32;

// "0", "1", "0.8", "0.875": in thousandths.
std::optional<int> parse_quality(std::string_view text) {
  if (text == "1" || text == "0") return text == "1" ? 1000 : 0;
  if (text.starts_with("1.") && is_all_of(text.substr(2), "0") && text.size() <= 5) return 1000;
  if (!text.starts_with("0.") || text.size() > 5) return std::nullopt;
  int value = 0;
  int unit = 100;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value += unit * (digit - '0');
    unit /= 10;
  }
  return value;
}

struct Range {
  std::string type;  // "text/html", "text/*", "*/*"
  int quality = 1000;
};

// A quality that cannot be read is none.
Range parse_range(std::string_view text) {
  const std::vector<std::string> parts = split(text, ';');
  Range range{to_lower(trim(parts.front())), 1000};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string parameter = to_lower(trim(parts[i]));
    if (parameter.starts_with("q="))
      range.quality = parse_quality(std::string_view(parameter).substr(2)).value_or(0);
  }
  return range;
}

// Of the range that names the type most exactly.
int quality_of(const std::vector<Range>& ranges, const std::string& type) {
  const std::string family = type.substr(0, type.find('/')) + "/*";
  for (const std::string& wanted : {type, family, std::string("*/*")})
    for (const Range& range : ranges)
      if (range.type == wanted) return range.quality;
  return 0;
}

}  // namespace

Form preferred_form(const HttpRequest& request) {
  const auto header = request.headers.find("Accept");
  if (!header) return Form::json;
  const std::vector<std::string> parts = split(*header, ',');
  if (parts.size() > k_ranges_max) return Form::json;
  std::vector<Range> ranges;
  for (const std::string& part : parts) ranges.push_back(parse_range(part));
  const int json = quality_of(ranges, "application/json");
  const int html = quality_of(ranges, "text/html");
  const int text = quality_of(ranges, "text/plain");
  if (json >= html && json >= text) return Form::json;
  return html >= text ? Form::html : Form::text;
}

}  // namespace mayfly::pages
