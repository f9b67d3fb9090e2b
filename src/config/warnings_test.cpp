#include <doctest/doctest.h>

#include "config/config.h"
#include "config/testing_toml.h"

namespace mayfly {
namespace {

using testing::changed;
using testing::k_small_toml;
using testing::parsed;

std::vector<std::string> warnings_after(std::string_view from, std::string_view to) {
  return warnings(parsed(changed(from, to)));
}

TEST_CASE("warnings: a sound configuration has none") {
  CHECK(warnings(parsed(k_small_toml)).empty());
}

TEST_CASE("warnings: each unwise setting has one sentence of its own") {
  struct Unwise {
    std::string_view from, to, expected;
  };
  const Unwise rows[] = {
      {"region", "key_name = \"debug\"\nregion", "aws.key_name is set"},
      {"https://ci", "http://ci", "public_url is plain http"},
      {"port", "address = \"0.0.0.0\"\nport", "listen.address is not loopback"},
      {"port", "address = \"::\"\nport", "listen.address is not loopback"},
      {"60m", "361m", "machine.lifetime is 6h01m"},
      {"lifetime", "on_demand = \"always\"\nlifetime", "machine.on_demand is \"always\""},
      {"0.085", "0", "c5.large has a price of 0"},
      {"0.085", "26", "c5.large can cost $26.00 in one lifetime"},
      {"name = \"octo/one\"", "name = \"octo/one\"\nforks = \"deny\"",
       "repository octo/one sets forks and no events"},
      {"usd_per_day", "launches_per_hour = 3\nusd_per_day", "less than limits.machines_per_run"},
      {"usd_per_day", "launches_per_hour = 9\nusd_per_day", "less than limits.machines:"},
      {"usd_per_day", "launch_failures_max = 1\nusd_per_day", "limits.launch_failures_max is 1"},
      {"usd_per_day", "launch_pause = \"60m\"\nusd_per_day", "limits.launch_pause is"},
      {"[image.x86_64]", "[image.arm64]\nid = \"ami-0b\"\n[image.x86_64]",
       "image.arm64 is never used"},
  };
  for (const Unwise& row : rows) {
    const auto found = warnings_after(row.from, row.to);
    REQUIRE_MESSAGE(found.size() == 1, row.expected);
    CHECK_MESSAGE(found[0].find(row.expected) != std::string::npos, found[0]);
  }
}

TEST_CASE("warnings: who speaks TLS may listen anywhere, but must say so in its URL") {
  const std::string tls = "address = \"::\"\ntls_certificate = \"/c\"\ntls_key = \"/k\"\nport";
  CHECK(warnings_after("port", tls).empty());
  const auto found = warnings(parsed(testing::changed("https://ci", "http://ci")));
  REQUIRE(found.size() == 1);
}

TEST_CASE("warnings: what stays on this machine may be plain, and six hours are enough") {
  CHECK(warnings_after("https://ci.example.org", "http://127.0.0.1:8080").empty());
  CHECK(warnings_after("https://ci.example.org", "http://[::1]:8080").empty());
  CHECK(warnings_after("https://ci.example.org", "http://localhost").empty());
  CHECK(warnings_after("60m", "6h").empty());
  CHECK(warnings_after("usd_per_day", "launches_per_hour = 10\nusd_per_day").empty());
  CHECK(warnings_after("usd_per_day", "launch_pause = \"59m\"\nusd_per_day").empty());
  CHECK(warnings_after("port", "address = \"::1\"\nport").empty());
}

TEST_CASE(
    "warnings: a budget of calls that the machines alone can use up is named with what it takes") {
  Config config = parsed(k_small_toml);
  config.sweep_every = Seconds{5};
  config.limits.launches_per_hour = 1000;
  config.limits.machines = 12;  // 12 lists and 48 looks a minute: the half of 120
  CHECK(warnings(config).empty());
  config.limits.machines = 13;
  auto found = warnings(config);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("13 of them need 64 at") != std::string::npos);
  config.github.calls_per_minute = 128;
  CHECK(warnings(config).empty());
  config.sweep_every = Seconds{1};
  CHECK(warnings(config).size() == 1);
  config.limits.machines = 300;  // lists of four pages
  found = warnings(config);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("need 1440 at") != std::string::npos);
}

}  // namespace
}  // namespace mayfly
