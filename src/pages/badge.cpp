#include "pages/html.h"
#include "pages/lease_page.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

// About what sans-serif letters of 11 pixels are wide; textLength makes them fit.
constexpr int k_letter = 7;
constexpr int k_margin = 6;

int width_of(std::string_view text) {
  return static_cast<int>(text.size()) * k_letter + 2 * k_margin;
}

std::string fill_of(Mood mood) {
  switch (mood) {
    case Mood::waiting:
      return "#8a5a00";
    case Mood::good:
      return "#1a7037";
    case Mood::over:
      return "#57606a";
    case Mood::bad:
      return "#b3261e";
  }
  return "";
}

void write_half(Html& svg, const std::string& text, int x, const std::string& fill) {
  const int width = width_of(text);
  svg.put("rect",
          {{"x", std::to_string(x)},
           {"width", std::to_string(width)},
           {"height", "20"},
           {"fill", fill}},
          "");
  svg.put("text",
          {{"x", std::to_string(x + k_margin)},
           {"y", "14"},
           {"textLength", std::to_string(width - 2 * k_margin)}},
          text);
}

}  // namespace

std::string badge_svg(const Lease& lease) {
  const std::string left = "mayfly";
  const std::string right = short_standing(lease);
  const std::string width = std::to_string(width_of(left) + width_of(right));
  Html svg;
  {
    const auto picture = svg.in("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                                        {"width", width},
                                        {"height", "20"},
                                        {"role", "img"},
                                        {"aria-label", left + ": " + right}});
    svg.put("title", left + ": " + right);
    const auto letters = svg.in(
        "g",
        {{"fill", "#fff"}, {"font-size", "11"}, {"font-family", "Verdana,DejaVu Sans,sans-serif"}});
    write_half(svg, left, 0, "#444c56");
    write_half(svg, right, width_of(left), fill_of(mood_of(lease)));
  }
  return svg.markup() + "\n";
}

}  // namespace mayfly::pages
