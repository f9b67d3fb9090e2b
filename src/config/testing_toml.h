#pragma once

// For the tests of this room: a small valid configuration, and what parsing says after one change.

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "config/config.h"

namespace mayfly::testing {

inline constexpr std::string_view k_small_toml = R"(deployment = "ci"
public_url = "https://ci.example.org"
[listen]
port = 8080
[github]
token = "env:GITHUB_TOKEN"
organization = "octo"
[[repository]]
name = "octo/one"
[aws]
region = "us-east-2"
security_group_ids = ["sg-0a"]
subnet_ids = ["subnet-0a", "subnet-0b"]
[image.x86_64]
id = "ami-0a"
[[instance_type]]
architecture = "x86_64"
type = "c5.large"
usd_per_hour = "0.085"
[machine]
lifetime = "60m"
[runner]
version = "latest"
[limits]
usd_per_day = "25.00"
usd_per_month = 200
[ledger]
path = "mayfly.db"
[sweep]
every = "5s"
)";

// The small configuration with one text in the place of another, which must be there.
inline std::string changed(std::string_view from, std::string_view to) {
  std::string toml{k_small_toml};
  const std::size_t at = toml.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return toml.replace(at, from.size(), to);
}

inline Config parsed(std::string_view toml) {
  auto config = parse_config(toml, "mayfly.toml");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  return *config;
}

inline std::string refusal(std::string_view toml) {
  const auto config = parse_config(toml, "mayfly.toml");
  if (config) return "accepted";
  CHECK(config.error().code == Code::config_invalid);
  return config.error().message;
}

// One change, and what the refusal then says among other things.
struct Broken {
  std::string_view from;
  std::string_view to;
  std::string_view expected;
};

template <std::size_t N>
void check_each(const Broken (&rows)[N]) {
  for (const Broken& row : rows) {
    const std::string message = refusal(changed(row.from, row.to));
    CHECK_MESSAGE(message.find(row.expected) != std::string::npos, row.to, " -> ", message);
  }
}

}  // namespace mayfly::testing
