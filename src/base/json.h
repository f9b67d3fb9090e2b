#pragma once

// The one JSON parser for bytes from outside (Boost.JSON behind it): strict RFC 8259, UTF-8
// checked, NUL refused, depth and size bounded, duplicate keys refused rather than silently
// dropped. An error says what is wrong and at which byte, and shows nothing foreign that is not
// printable.

#include <boost/json/fwd.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

namespace json = boost::json;

struct JsonLimits {
  std::size_t bytes_max = 64 * 1024;
  std::size_t depth_max = 8;
};

// Code::bad_json on any fault.
[[nodiscard]] Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {});

// The limits for answers of GitHub and AWS, which are long and deep but bounded all the same.
[[nodiscard]] JsonLimits upstream_json_limits();

// Field access for lenient reading (answers of others): absent, null and a wrong type read as none.
[[nodiscard]] std::optional<std::string> json_string(const json::object& object,
                                                     std::string_view key);
[[nodiscard]] std::optional<std::int64_t> json_int(const json::object& object,
                                                   std::string_view key);
[[nodiscard]] std::optional<bool> json_bool(const json::object& object, std::string_view key);
[[nodiscard]] const json::object* json_object(const json::object& object, std::string_view key);
[[nodiscard]] const json::array* json_array(const json::object& object, std::string_view key);

}  // namespace mayfly
