#pragma once

// SHA-256, HMAC-SHA-256 and comparison in constant time (OpenSSL).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mayfly {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view message);
// True when equal; takes the same time wherever two strings of equal length differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace mayfly
