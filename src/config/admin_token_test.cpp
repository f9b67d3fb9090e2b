#include <doctest/doctest.h>

#include "config/config.h"
#include "config/testing_toml.h"

namespace mayfly::testing {
namespace {

TEST_CASE("config: the operator's token is a reference, and a literal one is not repeated") {
  const auto with = [](const std::string& token) {
    return changed("port = 8080", "port = 8080\nadmin_token = \"" + token + "\"");
  };
  CHECK(parsed(with("env:ADMIN")).admin_token.name == "ADMIN");
  CHECK(parsed(changed("", "")).admin_token.name.empty());
  CHECK(refusal(with("hunter2")).find("hunter2") == std::string::npos);
  CHECK(refusal(with("hunter2")).find("listen.admin_token") != std::string::npos);
}

}  // namespace
}  // namespace mayfly::testing
