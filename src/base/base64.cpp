#include <array>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::string_view k_standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view k_url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (j < group.size() ? static_cast<std::uint8_t>(group[j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= group.size())
        out += alphabet[bits >> (18 - 6 * j) & 0x3f];
      else if (pad)
        out += '=';
    }
  }
  return out;
}

// Four characters, the last `padding` of them '=', which count as zero bits.
std::optional<std::string> decode_group(std::string_view group, std::size_t padding) {
  std::uint32_t bits = 0;
  for (std::size_t j = 0; j < 4; ++j) {
    const std::size_t value = j < 4 - padding ? k_standard.find(group[j]) : 0;
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
  }
  const std::uint32_t unused = (1U << (8 * padding)) - 1;
  if ((bits & unused) != 0) return std::nullopt;
  const std::array<char, 3> bytes = {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                                     static_cast<char>(bits)};
  return std::string(bytes.data(), 3 - padding);
}

}  // namespace

std::string base64_encode(std::string_view bytes) { return encode(bytes, k_standard, true); }

std::string base64url_encode(std::string_view bytes) { return encode(bytes, k_url, false); }

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    const std::size_t padding = !is_last ? 0 : text.ends_with("==") ? 2 : text.ends_with('=');
    const auto bytes = decode_group(text.substr(i, 4), padding);
    if (!bytes) return std::nullopt;
    out += *bytes;
  }
  return out;
}

}  // namespace mayfly
