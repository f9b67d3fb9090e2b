#include "aws/ssm.h"

#include <doctest/doctest.h>

#include "aws/testing.h"

namespace mayfly {
namespace {

struct SsmBench : aws::testing::Bench {
  SsmBench() : Bench("ssm"), ssm(sender) {}
  aws::SsmClient ssm;
};

TEST_CASE("ssm: a parameter is asked for by JSON 1.1 and comes back as a secret") {
  SsmBench bench;
  bench.transport.answer(200,
                         R"({"Parameter":{"Name":"/a","Type":"SecureString","Value":"s3cret"}})");
  CHECK(bench.ssm.get_parameter("/a/\"b", bench.deadline).value().reveal() == "s3cret");
  const HttpRequest& request = bench.transport.sent.at(0).request;
  CHECK(request.method == "POST");
  CHECK(request.url == "https://ssm.us-east-2.amazonaws.com/");
  CHECK(request.headers.find("Content-Type") == "application/x-amz-json-1.1");
  CHECK(request.headers.find("X-Amz-Target") == "AmazonSSM.GetParameter");
  CHECK(request.body == R"({"Name":"/a/\"b","WithDecryption":true})");
}

TEST_CASE("ssm: a parameter that does not exist is not found; a forbidden one names the action") {
  SsmBench bench;
  bench.transport.answer(400, R"({"__type":"ParameterNotFound"})");
  CHECK(bench.ssm.get_parameter("/a", bench.deadline).error().code == Code::aws_not_found);
  bench.transport.answer(400, R"({"__type":"AccessDeniedException","Message":"not authorized"})");
  const Error error = bench.ssm.get_parameter("/a", bench.deadline).error();
  CHECK(error.code == Code::aws_denied);
  CHECK(error.message.find("Allow ssm:GetParameter") != std::string::npos);
}

TEST_CASE("ssm: an answer without a value is refused and never quoted") {
  for (const char* body : {"", "SECRET", R"({"Parameter":{"Value":7}})", R"({"Value":"SECRET"})",
                           R"({"Parameter":"SECRET"})"}) {
    SsmBench bench;
    bench.transport.answer(200, body);
    const auto value = bench.ssm.get_parameter("/a", bench.deadline);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == Code::aws_bad_answer);
    CHECK(value.error().message.find("SECRET") == std::string::npos);
  }
}

}  // namespace
}  // namespace mayfly
