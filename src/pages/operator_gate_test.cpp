#include "pages/operator_gate.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "ledger/testing.h"

namespace mayfly::pages {
namespace {

using mayfly::testing::k_noon;

const Secret k_token("correct horse battery");

HttpRequest with(const char* name, const std::string& value) {
  return {"GET", "/", {{name, value}}, "", "127.0.0.1"};
}

TEST_CASE("gate: the token opens, as a password or as a bearer's, and nothing else does") {
  const std::string token = k_token.reveal();
  for (const std::string& good :
       {"Bearer " + token, "bearer  " + token + " ", "Basic " + base64_encode("anybody:" + token),
        "Basic " + base64_encode(":" + token)})
    CHECK_MESSAGE(admit_operator(with("Authorization", good), k_token), good);
  for (const std::string& bad :
       {std::string(), std::string("Bearer"), std::string("Bearer "), "Bearer " + token + "x",
        "Bearer " + token.substr(1), "Basic " + token, "Basic " + base64_encode(token),
        "Basic " + base64_encode(token + ":"), "Digest " + token, token}) {
    const Status status = admit_operator(with("Authorization", bad), k_token);
    REQUIRE_MESSAGE(!status, bad);
    CHECK(status.error().code == Code::operator_only);
    CHECK(status.error().message.find("horse") == std::string::npos);
  }
  CHECK_FALSE(admit_operator(with("Host", "127.0.0.1:8081"), k_token));
}

TEST_CASE("gate: without a token the listener is reached by the names of loopback alone") {
  for (const char* good : {"127.0.0.1:8081", "localhost", "LOCALHOST:1", "[::1]:8081"})
    CHECK_MESSAGE(admit_operator(with("Host", good), Secret()), good);
  for (const char* bad :
       {"evil.example", "localhost.evil.example:8081", "127.0.0.1.evil.example", "", "10.0.0.1"})
    CHECK_FALSE_MESSAGE(admit_operator(with("Host", bad), Secret()), bad);
  CHECK_FALSE(admit_operator({"GET", "/", {}, "", "127.0.0.1"}, Secret()));
}

TEST_CASE("gate: a browser is asked for a password only where there is one") {
  const Error error{Code::operator_only, "no", std::nullopt};
  const HttpRequest request = with("Accept", "text/html");
  CHECK(operator_refusal(error, request, k_token).status == 401);
  CHECK(operator_refusal(error, request, k_token).headers.find("WWW-Authenticate"));
  CHECK_FALSE(operator_refusal(error, request, Secret()).headers.find("WWW-Authenticate"));
}

TEST_CASE("gate: a link opens until it expires, for its own deployment and token alone") {
  const WallTime until = k_noon + Seconds{60};
  const std::string pass = signed_pass(k_token, "ci", until);
  CHECK(check_pass(pass, k_token, "ci", k_noon));
  CHECK(check_pass(pass, k_token, "ci", until - Millis{1}));
  CHECK_FALSE(check_pass(pass, k_token, "ci", until));
  CHECK_FALSE(check_pass(pass, k_token, "cj", k_noon));
  CHECK_FALSE(check_pass(pass, Secret("another token, as long"), "ci", k_noon));
  CHECK_FALSE(check_pass(pass, Secret(), "ci", k_noon));
}

TEST_CASE("gate: no other time, no part of a link and no link for a year opens") {
  const std::string pass = signed_pass(k_token, "ci", k_noon + Seconds{60});
  std::string later = pass;
  later[9] = later[9] == '9' ? '8' : '9';
  for (const std::string& bad :
       {later, pass.substr(0, pass.size() - 1), pass + "0", "0" + pass,
        pass.substr(0, pass.find('-')), std::string("-"), std::string(), "+" + pass})
    CHECK_FALSE_MESSAGE(check_pass(bad, k_token, "ci", k_noon), bad);
  const WallTime far = k_noon + k_link_life_max + Seconds{1};
  CHECK_FALSE(check_pass(signed_pass(k_token, "ci", far), k_token, "ci", k_noon));
}

}  // namespace
}  // namespace mayfly::pages
