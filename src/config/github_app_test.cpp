#include <doctest/doctest.h>

#include "config/config.h"
#include "config/testing_toml.h"

namespace mayfly {
namespace {

using testing::Broken;
using testing::changed;
using testing::check_each;
using testing::k_small_toml;
using testing::parsed;
using testing::refusal;

TEST_CASE("config: an App stands in place of the token, never beside it") {
  const std::string app = "app_id = \"123456\"\napp_private_key = \"file:/run/app.pem\"\n";
  const std::string token = "token = \"env:GITHUB_TOKEN\"\n";
  CHECK_FALSE(parsed(k_small_toml).github.app);
  const auto parsed_app = parsed(changed(token, app)).github.app;
  REQUIRE(parsed_app);
  CHECK(parsed_app->id == "123456");
  CHECK(parsed_app->private_key.name == "/run/app.pem");
  CHECK(parsed_app->installation_id == 0);
  CHECK(parsed(changed(token, app + "app_installation_id = 7\n")).github.app->installation_id == 7);
  CHECK(parsed(changed("token = \"env:GITHUB_TOKEN\"",
                       "app_id = \"Iv23li.x\"\napp_private_key = "
                       "\"env:KEY\""))
            .github.app->id == "Iv23li.x");
}

TEST_CASE("config: half an App, or one beside a token, is refused") {
  const std::string_view token = "token = \"env:GITHUB_TOKEN\"";
  check_each({
      {token, "app_id = \"1\"", "github.app_private_key is missing"},
      {token, "app_private_key = \"env:KEY\"", "github.app_id is missing"},
      {token, "app_installation_id = 1", "github.app_id is missing"},
      {"token = ", "app_id = \"1\"\napp_private_key = \"env:KEY\"\ntoken = ",
       "github.token and github.app_id are two credentials"},
      {token, "app_id = 1\napp_private_key = \"env:KEY\"", "github.app_id must be the id"},
      {token, "app_id = \"a b\"\napp_private_key = \"env:KEY\"", "github.app_id must be the id"},
      {token, "app_id = \"1\"\napp_private_key = \"-----BEGIN RSA\"",
       "must say where the secret is"},
      {token, "app_id = \"1\"\napp_private_key = \"env:KEY\"\napp_installation_id = 0",
       "github.app_installation_id must"},
  });
}

}  // namespace
}  // namespace mayfly
