#include "lab/machine/claim_text.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace mayfly {
namespace {

using lab::parse_claim_text;

std::string jit(const std::string& settings, const std::string& credentials) {
  return base64_encode("{\".runner\":\"" + base64_encode(settings) + "\",\".credentials\":\"" +
                       base64_encode(credentials) + "\"}");
}

std::string answer(const std::string& run, const std::string& config) {
  return "repository Octo/Repo\nrun_id " + run + "\nsudo no\njit_config " + config + "\n";
}

const std::string k_settings = R"({"agentId":"7","serverUrl":"http://127.0.0.1:9"})";
const std::string k_credentials = R"({"data":{"secret":"s3cret"}})";

TEST_CASE("claim text: says whose job is to be taken, and as which runner") {
  const auto claim = parse_claim_text(answer("17000000001", jit(k_settings, k_credentials)));
  REQUIRE(claim);
  CHECK(claim->repository == "octo/repo");
  CHECK(claim->run_id == 17'000'000'001);
  CHECK(claim->server == "http://127.0.0.1:9");
  CHECK(claim->runner_id == 7);
  CHECK(claim->secret == "s3cret");
}

TEST_CASE("claim text: what is not whole is none") {
  CHECK(!parse_claim_text(""));
  CHECK(!parse_claim_text(answer("x", jit(k_settings, k_credentials))));
  CHECK(!parse_claim_text(answer("17", "not base64!")));
  CHECK(!parse_claim_text(answer("17", base64_encode("[]"))));
  CHECK(!parse_claim_text(answer("17", jit("{}", k_credentials))));
  CHECK(!parse_claim_text(answer("17", jit(k_settings, "{}"))));
}

}  // namespace
}  // namespace mayfly
