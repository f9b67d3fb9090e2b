#include "service/diagnosis_github.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using testing::small_config;

Config with_app() {
  Config config = small_config();
  config.github.app = GithubAppConfig{"1", {}, 0};
  return config;
}

std::string remedy(const Config& config, Code code) {
  return github_remedy(config, {code, "", std::nullopt});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("diagnosis: where people find a GitHub follows from where its API is") {
  CHECK(github_web_url("https://api.github.com") == "https://github.com");
  CHECK(github_web_url("https://ghe.example.org/api/v3") == "https://ghe.example.org");
  CHECK(github_web_url("https://api.octo.ghe.com") == "https://octo.ghe.com");
  CHECK(github_web_url("http://127.0.0.1:1") == "http://127.0.0.1:1");
}

TEST_CASE("diagnosis: a missing permission is granted at one page for a token, at two for an App") {
  CHECK(has(remedy(small_config(), Code::github_forbidden),
            "https://github.com/settings/personal-access-tokens"));
  const std::string app = remedy(with_app(), Code::github_forbidden);
  CHECK(has(app, "https://github.com/organizations/octo/settings/apps"));
  CHECK(has(app, "https://github.com/organizations/octo/settings/installations"));
}

TEST_CASE("diagnosis: an App that is unknown or not installed is not told to replace a token") {
  CHECK(has(remedy(with_app(), Code::github_unauthorized), "github.app_private_key"));
  CHECK(has(remedy(with_app(), Code::github_not_found), "Install App"));
  CHECK(remedy(small_config(), Code::github_unauthorized).empty());
}

TEST_CASE("diagnosis: a repository's own settings are those of its owner's account") {
  Config config = with_app();
  config.github.scope = GithubScope::repository;
  config.github.organization.clear();
  config.github.api_url = "https://ghe.example.org/api/v3";
  CHECK(has(remedy(config, Code::github_forbidden), "https://ghe.example.org/settings/apps"));
}

}  // namespace
}  // namespace mayfly
