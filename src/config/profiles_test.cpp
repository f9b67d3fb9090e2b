#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "config/config.h"

namespace mayfly {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(MAYFLY_SOURCE_DIR "/deploy/" + file);
  std::ostringstream text;
  text << in.rdbuf();
  REQUIRE_MESSAGE(!text.str().empty(), file);
  return text.str();
}

// The sample with the profile in the place of its own instance types, as the profile tells its
// reader.
Config with_profile(const std::string& name) {
  const std::string sample = text_of("mayfly.toml");
  const std::size_t begin = sample.find("[[instance_type]]");
  const std::size_t end = sample.find("[machine]");
  REQUIRE(end != std::string::npos);
  auto config = parse_config(
      sample.substr(0, begin) + text_of("profiles/" + name + ".toml") + "\n" + sample.substr(end),
      name);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  return *config;
}

TEST_CASE("profiles: each takes the place of the sample's instance types, for both architectures") {
  for (const char* name : {"pmu", "kvm", "general"}) {
    CAPTURE(name);
    int x86_64 = 0;
    int arm64 = 0;
    for (const InstanceTypeConfig& type : with_profile(name).instance_types)
      ++(type.architecture == Architecture::x86_64 ? x86_64 : arm64);
    CHECK(x86_64 >= 3);
    CHECK(arm64 >= 3);
  }
}

TEST_CASE("profiles: what has /dev/kvm is bare metal") {
  for (const InstanceTypeConfig& type : with_profile("kvm").instance_types)
    CHECK_MESSAGE(type.instance_type.ends_with(".metal"), type.instance_type);
}

TEST_CASE("profiles: of a pool's types none costs nothing, and the dearest is no slip of a digit") {
  for (const char* name : {"pmu", "kvm", "general"})
    for (const InstanceTypeConfig& type : with_profile(name).instance_types) {
      CHECK_MESSAGE(type.usd_per_hour.micros >= 100'000, type.instance_type);
      CHECK_MESSAGE(type.usd_per_hour.micros <= 6'000'000, type.instance_type);
    }
}

}  // namespace
}  // namespace mayfly
