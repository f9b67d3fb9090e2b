#include "github/webhook.h"

#include <doctest/doctest.h>

namespace mayfly::github {
namespace {

// GitHub's own example ("Validating webhook deliveries"): facts.md A6.
const Secret k_secret("It's a Secret to Everybody");
const std::string k_body = "Hello, World!";
const std::string k_hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

std::string event(const std::string& job, const std::string& repository = R"("octo/repo")") {
  return R"({"action":"queued","workflow_job":)" + job + R"(,"repository":{"full_name":)" +
         repository + "}}";
}

TEST_CASE("webhook: GitHub's own example is signed, and nothing near it") {
  CHECK(is_signed_with(k_secret, k_body, "sha256=" + k_hex));
  for (const std::string& wrong :
       {k_hex, "sha1=" + k_hex, "SHA256=" + k_hex, std::string("sha256="), std::string("sha256"),
        std::string(), "sha256=" + k_hex.substr(1), "sha256=" + k_hex + "0", "sha256= " + k_hex,
        "sha256=" + std::string(64, '0')})
    CHECK_MESSAGE(!is_signed_with(k_secret, k_body, wrong), wrong);
  CHECK_FALSE(is_signed_with(k_secret, k_body + "\n", "sha256=" + k_hex));
  CHECK_FALSE(is_signed_with(Secret("another"), k_body, "sha256=" + k_hex));
}

TEST_CASE("webhook: nobody signs with an empty secret") {
  CHECK_FALSE(is_signed_with(Secret(""), k_body, delivery_signature("", k_body)));
}

TEST_CASE("webhook: what decides is read, and GitHub's oddities are borne") {
  const auto job = parse_job_event(
      event(R"({"run_id":7,"run_attempt":2,"status":"waiting","runner_id":3,"new":{"x":[]},)"
            R"("labels":["mayfly-7-x86_64",null,"arch_x86_64",5]})"));
  REQUIRE(job);
  CHECK(job->action == "queued");
  CHECK(job->repository.text == "octo/repo");
  CHECK(job->run_id == 7);
  CHECK(job->run_attempt == 2);
  CHECK(job->labels == std::vector<std::string>{"mayfly-7-x86_64", "arch_x86_64"});
  CHECK(parse_job_event(event(R"({"run_id":7,"labels":[]})"))->run_attempt == 1);
}

TEST_CASE("webhook: a delivery without what decides is refused by the field's name") {
  const auto why = [](const std::string& body) {
    const auto job = parse_job_event(body);
    return job ? std::string("accepted") : job.error().message;
  };
  CHECK(why("").find("JSON") != std::string::npos);
  CHECK(why("[]").find("one JSON object") != std::string::npos);
  CHECK(why("{}").find("\"action\"") != std::string::npos);
  CHECK(why(event("null")).find("\"workflow_job\"") != std::string::npos);
  CHECK(why(event(R"({"run_id":7,"labels":[]})", "5")).find("full_name") != std::string::npos);
  for (const char* run : {"0", "-1", "\"7\"", "null", "7.5", "99999999999999999999"})
    CHECK(why(event(std::string(R"({"labels":[],"run_id":)") + run + "}"))
              .find("workflow_job.run_id") != std::string::npos);
  CHECK(why(event(R"({"run_id":7,"labels":{}})")).find("labels") != std::string::npos);
  CHECK(why(event(R"({"run_id":7,"run_attempt":0,"labels":[]})")).find("attempt") !=
        std::string::npos);
}

TEST_CASE("webhook: a delivery is bounded") {
  const std::string good = event(R"({"run_id":7,"labels":[]})");
  const std::string padding(k_delivery_bytes_max - good.size(), ' ');
  CHECK(parse_job_event(good + padding));
  CHECK_FALSE(parse_job_event(good + padding + " "));
}

}  // namespace
}  // namespace mayfly::github
