#pragma once

// Small text helpers used everywhere: encodings that must be exact, and the one way to make foreign
// text safe for a log line or a message.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly {

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);          // lower case
[[nodiscard]] std::string base64_encode(std::string_view bytes);                // RFC 4648, padded
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);  // strict
[[nodiscard]] std::string base64url_encode(std::string_view bytes);             // no padding (JWT)

// RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX. keep_slash leaves '/' as it is.
[[nodiscard]] std::string percent_encode(std::string_view text, bool keep_slash = false);
// nullopt for a broken escape. '+' is not a space here.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

// Printable ASCII stays; everything else becomes \xNN or \n and the like; cut after max bytes with
// "...". For text that came from outside, on its way into a message or a log. All of the result is
// printable, so that it may be given to it again.
[[nodiscard]] std::string printable(std::string_view foreign, std::size_t max = 200);

[[nodiscard]] std::string to_lower(std::string_view text);   // ASCII only
[[nodiscard]] std::string_view trim(std::string_view text);  // ASCII white space
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] bool is_all_of(std::string_view text, std::string_view alphabet);
// Whole text, decimal digits only, no sign, within int64.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);
// "runners" for 2, "runner" for 1.
[[nodiscard]] std::string plural(std::int64_t n, std::string_view singular);

// The nearest of the candidates, if near enough to be a slip of the keyboard (edit distance).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view text,
                                                      std::span<const std::string_view> candidates);

}  // namespace mayfly
