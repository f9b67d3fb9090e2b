#pragma once

// Figures with bars, whose text says what they show.

#include <string>

#include "pages/html.h"

namespace mayfly::pages {

// "37.50%" of a whole, for SVG; between 0 and 100.
[[nodiscard]] std::string percent(double part, double whole);

// A bar as wide as its place, filled to the share.
void write_share(Html& html, double part, double whole, const std::string& kind = "");

// One row of a table: a name that leads somewhere, a figure, and a bar of its share.
struct Row {
  std::string name;
  std::string href;
  std::string figure;
  double part = 0;
  double whole = 1;
};
void write_row(Html& html, const Row& row);
// The head of such a table.
void write_row_head(Html& html, const std::string& name, const std::string& figure);

}  // namespace mayfly::pages
