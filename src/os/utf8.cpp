#include "os/utf8.h"

#include <cstdint>

namespace mayfly::os {
namespace {

struct Lead {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t code_point_min;
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xc0 && byte < 0xe0) return {2, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {3, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf8) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
  if (text.empty()) return 0;
  const Lead lead = lead_of(static_cast<std::uint8_t>(text.front()));
  if (lead.length == 0 || text.size() < lead.length) return 0;
  std::uint32_t code_point = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xc0U) != 0x80) return 0;
    code_point = code_point << 6U | (byte & 0x3fU);
  }
  const bool is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < lead.code_point_min || code_point > 0x10ffff || is_surrogate) return 0;
  return lead.length;
}

}  // namespace mayfly::os
