// The keys for jobs that nobody asks for.

#include <doctest/doctest.h>

#include "config/testing_toml.h"

namespace mayfly {
namespace {

using namespace testing;

TEST_CASE("config: webhooks have a secret and no say unless the owner says so") {
  const Config plain = parsed(std::string(k_small_toml));
  CHECK_FALSE(plain.github.webhook_secret);
  CHECK(plain.repositories.at(0).webhook == Webhook::off);
  CHECK_FALSE(plain.repositories.at(0).cancel_unserved);
  CHECK_FALSE(plain.repositories.at(0).rerun_interrupted);
  const std::string token = "token = \"env:GITHUB_TOKEN\"\n";
  const Config on = parsed(changed(token, token + "webhook_secret = \"file:/run/secret\"\n"));
  REQUIRE(on.github.webhook_secret);
  CHECK(on.github.webhook_secret->kind == SecretReference::Kind::file);
  CHECK(on.github.webhook_secret->name == "/run/secret");
  const std::string message = refusal(changed(token, token + "webhook_secret = \"hunter2\"\n"));
  CHECK(message.find("github.webhook_secret") != std::string::npos);
  CHECK(message.find("hunter2") == std::string::npos);
}

TEST_CASE("config: labels that other runs name too are served where one repository is") {
  const std::string second = "[[repository]]\nname = \"octo/two\"\nwebhook = \"shared\"\n";
  const std::string first = "[[repository]]\n";
  CHECK(refusal(changed(first, second + first)).find("only where one repository is served") !=
        std::string::npos);
}

TEST_CASE("config: a repository's jobs ask by themselves only where it says so") {
  const std::string name = "[[repository]]\n";
  const auto with = [&](const std::string& line) { return changed(name, name + line + "\n"); };
  CHECK(parsed(with("webhook = \"derived\"")).repositories.at(0).webhook == Webhook::derived);
  CHECK(parsed(with("webhook = \"shared\"")).repositories.at(0).webhook == Webhook::shared);
  CHECK(parsed(with("cancel_unserved = true")).repositories.at(0).cancel_unserved);
  CHECK(parsed(with("rerun_interrupted = true")).repositories.at(0).rerun_interrupted);
  CHECK(refusal(with("webhook = \"all\"")).find("derived") != std::string::npos);
  CHECK(refusal(with("webhook = true")).find("repository.webhook") != std::string::npos);
  CHECK(refusal(with("cancel_unserved = 1")).find("cancel_unserved") != std::string::npos);
}

}  // namespace
}  // namespace mayfly
