#include "pages/bars.h"

#include <algorithm>
#include <cstdio>

namespace mayfly::pages {

std::string percent(double part, double whole) {
  const double share = whole <= 0 ? 0 : 100.0 * part / whole;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%%", std::clamp(share, 0.0, 100.0));
  return text;
}

void write_share(Html& html, double part, double whole, const std::string& kind) {
  const auto bar = html.in("svg", {{"class", "bar " + kind}, {"aria-hidden", "true"}});
  html.put("rect", {{"class", "whole"}, {"width", "100%"}, {"height", "100%"}}, "");
  html.put("rect", {{"class", "took"}, {"width", percent(part, whole)}, {"height", "100%"}}, "");
}

void write_row_head(Html& html, const std::string& name, const std::string& figure) {
  const auto head = html.in("thead");
  const auto row = html.in("tr");
  html.put("th", {{"scope", "col"}}, name);
  html.put("th", {{"scope", "col"}, {"class", "number"}}, figure);
  html.put("td", {{"class", "bars"}}, "");
}

void write_row(Html& html, const Row& row) {
  const auto line = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    if (row.href.empty())
      html.text(row.name);
    else
      html.put("a", {{"href", row.href}}, row.name);
  }
  html.put("td", {{"class", "number"}}, row.figure);
  const auto cell = html.in("td", {{"class", "bars"}});
  write_share(html, row.part, row.whole);
}

}  // namespace mayfly::pages
