#include "service/runner_packages.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr Architecture k_x86 = Architecture::x86_64;
constexpr Architecture k_arm = Architecture::arm64;

std::string list_json(const std::string& version) {
  return "[" + download_json("osx", "x64", version, "0001") + "," +
         download_json("linux", "arm", version, "0002") + "," +
         download_json("linux", "x64", version, "ABCD") + "," +
         download_json("linux", "arm64", version, "") + "]";
}

Config pinned_config(const std::string& url = "") {
  Config config = small_config();
  config.runner.version = "2.336.0";
  config.runner.sha256[k_x86] = "feed";
  config.runner.download_url = url;
  return config;
}

TEST_CASE("runner packages: the latest is the one for linux and the architecture") {
  Service service;
  service.github_wire.answer(200, list_json("2.336.0"));
  const RunnerPackage package = service.packages.package_for(k_x86).value();
  CHECK(package.version == "2.336.0");
  CHECK(package.url == "https://github.com/d/actions-runner-linux-x64-2.336.0.tar.gz");
  CHECK(package.sha256 == "abcd");
}

TEST_CASE("runner packages: a checksum that GitHub does not name stays empty") {
  Service service;
  service.github_wire.answer(200, list_json("2.336.0"));
  const RunnerPackage package = service.packages.package_for(k_arm).value();
  CHECK(package.url.find("linux-arm64") != std::string::npos);
  CHECK(package.sha256.empty());
}

TEST_CASE("runner packages: the list is asked for once an hour, for all architectures together") {
  Service service;
  service.github_wire.answer(200, list_json("2.336.0"));
  REQUIRE(service.packages.package_for(k_x86));
  service.clock.advance(Seconds{3599});
  CHECK(service.packages.package_for(k_arm).value().version == "2.336.0");
  CHECK(service.packages.package_for(k_x86).value().version == "2.336.0");
  CHECK(service.calls() == 1);

  service.clock.advance(Seconds{1});
  service.github_wire.answer(200, list_json("2.337.0"));
  CHECK(service.packages.package_for(k_x86).value().version == "2.337.0");
  CHECK(service.packages.package_for(k_arm).value().version == "2.337.0");
  CHECK(service.calls() == 2);
}

TEST_CASE(
    "runner packages: a failed call is an error for a few seconds, then GitHub is asked again") {
  Service service;
  service.github_wire.answer(500, "");
  CHECK(service.packages.package_for(k_x86).error().code == Code::github_unavailable);
  CHECK(service.packages.package_for(k_x86).error().code == Code::github_unavailable);
  CHECK(service.calls() == 1);
  service.clock.advance(Seconds{5});
  service.github_wire.answer(200, list_json("2.336.0"));
  CHECK(service.packages.package_for(k_x86));
}

TEST_CASE("runner packages: a list without the architecture is an error that names it") {
  Service service;
  service.github_wire.answer(200, "[" + download_json("linux", "x64", "1.0.0", "aa") + "]");
  const Error error = service.packages.package_for(k_arm).error();
  CHECK(error.code == Code::github_bad_answer);
  CHECK(error.message == "GitHub lists no usable runner for linux arm64");
}

TEST_CASE("runner packages: what would be more than one word on the machine's line is refused") {
  for (const std::string bad : {"\\nrunner_sha256 0", " x", "\\t", "\\u00fc", "\\r"}) {
    CAPTURE(bad);
    Service service;
    service.github_wire.answer(
        200, "[" + download_json("linux", "x64", "1.0.0", "aa", "github.com" + bad) + "]");
    CHECK(service.packages.package_for(k_x86).error().code == Code::github_bad_answer);
    service.github_wire.answer(200, "[" + download_json("linux", "x64", "1.0.0", "aa" + bad) + "]");
    CHECK(service.packages.package_for(k_x86).error().code == Code::github_bad_answer);
  }
}

TEST_CASE("runner packages: the version is the last part of the file's name, if it is one") {
  CHECK(version_in("actions-runner-linux-x64-2.336.0.tar.gz") == "2.336.0");
  CHECK(version_in("actions-runner-linux-x64-2.336.0-beta.tar.gz").empty());
  CHECK(version_in("actions-runner-linux-x64-2.336.0.zip").empty());
  CHECK(version_in("actions-runner-linux-x64-2.336.0\n.tar.gz").empty());
  CHECK(version_in(".tar.gz").empty());
  CHECK(version_in("").empty());
}

TEST_CASE("runner packages: a pinned version comes from GitHub's releases and nobody is asked") {
  Service service(pinned_config());
  const RunnerPackage package = service.packages.package_for(k_x86).value();
  CHECK(package.version == "2.336.0");
  CHECK(package.url ==
        "https://github.com/actions/runner/releases/download/v2.336.0/"
        "actions-runner-linux-x64-2.336.0.tar.gz");
  CHECK(package.sha256 == "feed");
  CHECK(service.packages.package_for(k_arm).value().url.find("linux-arm64-2.336.0") !=
        std::string::npos);
  CHECK(service.calls() == 0);
}

TEST_CASE("runner packages: the owner's URL is filled in wherever it names version and arch") {
  Service service(pinned_config("https://m.example/{arch}/{version}/{version}-{arch}.tgz?{other}"));
  CHECK(service.packages.package_for(k_arm).value().url ==
        "https://m.example/arm64/2.336.0/2.336.0-arm64.tgz?{other}");
}

}  // namespace
}  // namespace mayfly
