#include "pages/html.h"

#include <cstdint>

namespace mayfly::pages {
namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

struct Character {
  std::size_t bytes = 1;
  char32_t code = 0xFFFD;  // also of what is no character
};

// The one at the beginning of a text that is not empty.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {1, byte(0)};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return {};
  char32_t code = byte(0) & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  const bool is_overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (is_overlong || is_surrogate || code > 0x10FFFF) return {};
  return {bytes, code};
}

bool is_shown(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n';
  const bool is_control = code >= 0x7F && code <= 0x9F;
  const bool turns = code == 0x061C || code == 0x200E || code == 0x200F ||
                     (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !is_control && !turns;
}

bool names_a_place(std::string_view attribute) {
  return attribute == "href" || attribute == "src" || attribute == "action";
}

// A path, or an address in the web: nothing that runs.
bool is_harmless_place(std::string_view value) {
  if (value.starts_with("https://") || value.starts_with("http://")) return true;
  const std::size_t colon = value.find(':');
  return colon == std::string_view::npos || colon > value.find_first_of("/?#");
}

}  // namespace

std::string escaped(std::string_view foreign) {
  std::string out;
  out.reserve(foreign.size());
  while (!foreign.empty()) {
    const Character c = first_character(foreign);
    switch (c.code) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += is_shown(c.code) && c.code != 0xFFFD ? foreign.substr(0, c.bytes) : k_replacement;
    }
    foreign.remove_prefix(c.bytes);
  }
  return out;
}

Html::Scope Html::in(Name element, Attributes attributes) {
  open(element, attributes);
  return {*this, element};
}

void Html::put(Name element, Attributes attributes, std::string_view foreign) {
  open(element, attributes);
  text(foreign);
  close(element);
}

void Html::lone(Name element, Attributes attributes) { open(element, attributes); }

void Html::open(Name element, Attributes attributes) {
  out_.append("<").append(element.text());
  for (const Attribute& attribute : attributes) {
    const std::string_view name = attribute.name.text();
    const bool is_refused = names_a_place(name) && !is_harmless_place(attribute.value);
    out_.append(" ").append(name).append("=\"");
    out_.append(is_refused ? "#" : escaped(attribute.value)).append("\"");
  }
  out_ += ">";
}

void Html::close(Name element) { out_.append("</").append(element.text()).append(">"); }

}  // namespace mayfly::pages
