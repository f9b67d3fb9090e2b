#pragma once

// URLs that we build and targets that we receive. Building always encodes; receiving always decodes
// strictly, and refuses what two readers could understand differently.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=x%20y", in the order given.
[[nodiscard]] std::string encode_query(const QueryParameters& parameters);

struct Target {
  std::string path;  // decoded, starts with '/', no "//", no "." or ".." segment, no NUL
  QueryParameters query;

  // The first of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

// Of an inbound request line: origin form only, at most 2048 bytes.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, without brackets
  std::string port;    // never empty: 80 or 443 where none is written
  std::string target;  // path and query as written, at least "/"

  // As a Host header wants it: the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
};

// Absolute http and https URLs without user info or fragment.
[[nodiscard]] std::optional<Url> parse_url(std::string_view url);

}  // namespace mayfly
