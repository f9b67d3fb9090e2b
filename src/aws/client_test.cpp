#include "aws/client.h"

#include <doctest/doctest.h>

#include "aws/testing.h"

namespace mayfly {
namespace {

using aws::Action;
using aws::Protocol;
using aws::testing::Bench;
using aws::testing::error_xml;
using aws::testing::FakeEnvironment;

const Action k_read{"ec2:DescribeInstances", Protocol::query, false};
const Action k_change{"ec2:CreateFleet", Protocol::query, true};

HttpRequest request_to(const Bench& bench) {
  return {"POST", bench.sender.endpoint().url + "/", {}, "Action=X"};
}

std::string key_used(const Bench& bench, std::size_t n) {
  const auto header = bench.transport.sent.at(n).request.headers.find("Authorization");
  const std::string text(header.value_or(""));
  const std::size_t start = text.find("Credential=") + 11;
  return text.substr(start, text.find('/', start) - start);
}

TEST_CASE("client: the endpoint of a service is the most special override, else the public one") {
  FakeEnvironment environment;
  CHECK(aws::endpoint_for(environment, "ec2", "us-east-2").url ==
        "https://ec2.us-east-2.amazonaws.com");
  CHECK(aws::endpoint_for(environment, "ssm", "cn-north-1").url ==
        "https://ssm.cn-north-1.amazonaws.com.cn");
  environment.variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:4566/";
  CHECK(aws::endpoint_for(environment, "ec2", "us-east-2").url == "http://127.0.0.1:4566");
  environment.variables["AWS_ENDPOINT_URL_EC2"] = "http://127.0.0.1:4567";
  CHECK(aws::endpoint_for(environment, "ec2", "us-east-2").url == "http://127.0.0.1:4567");
  CHECK(aws::endpoint_for(environment, "ssm", "us-east-2").url == "http://127.0.0.1:4566");
}

TEST_CASE("client: a request leaves signed for its region and service") {
  Bench bench("ec2");
  bench.transport.answer(200, "yes");
  const auto body = call(bench.sender, request_to(bench), k_read, bench.deadline);
  CHECK(body.value() == "yes");
  const auto header = bench.transport.sent.at(0).request.headers.find("Authorization");
  CHECK(header.value_or("").find("AKONE/20270115/us-east-2/ec2/aws4_request") !=
        std::string_view::npos);
  CHECK(bench.transport.sent.at(0).deadline == bench.deadline);
}

TEST_CASE("client: refused credentials are fetched anew and the request repeated once") {
  Bench bench("ec2");
  bench.transport.answer(403, error_xml("RequestExpired"));
  bench.transport.answer(200, "yes");
  CHECK(call(bench.sender, request_to(bench), k_change, bench.deadline).value() == "yes");
  CHECK(key_used(bench, 0) == "AKONE");
  CHECK(key_used(bench, 1) == "AKTWO");
}

TEST_CASE("client: credentials that are refused twice come back as an error") {
  Bench bench("ec2");
  bench.transport.answer(401, error_xml("AuthFailure"));
  bench.transport.answer(401, error_xml("AuthFailure"));
  const auto body = call(bench.sender, request_to(bench), k_read, bench.deadline);
  REQUIRE_FALSE(body);
  CHECK(body.error().code == Code::aws_credentials);
  CHECK(bench.transport.sent.size() == 2);
}

TEST_CASE("client: no other refusal is repeated") {
  Bench bench("ec2");
  bench.transport.answer(503, error_xml("RequestLimitExceeded"));
  const auto body = call(bench.sender, request_to(bench), k_change, bench.deadline);
  REQUIRE_FALSE(body);
  CHECK(body.error().code == Code::aws_throttled);
  CHECK(bench.transport.sent.size() == 1);
}

TEST_CASE("client: a missing answer is ambiguous for a change and harmless for a read") {
  struct Case {
    Code transport;
    const Action& action;
    Code expected;
  };
  for (const Case& c : {Case{Code::transport_lost, k_change, Code::aws_lost},
                        Case{Code::transport_lost, k_read, Code::aws_unavailable},
                        Case{Code::transport_not_sent, k_change, Code::aws_unavailable}}) {
    Bench bench("ec2");
    bench.transport.fail_with(c.transport);
    const auto body = call(bench.sender, request_to(bench), c.action, bench.deadline);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == c.expected);
    CHECK(body.error().message == c.action.name + ": the line is cut");
  }
}

TEST_CASE("client: an override that is no URL is the owner's to mend, and nothing is sent") {
  Bench bench("ec2");
  HttpRequest request{"POST", "ftp://example.com/", {}, ""};
  const auto body = call(bench.sender, request, k_read, bench.deadline);
  REQUIRE_FALSE(body);
  CHECK(body.error().code == Code::aws_config);
  CHECK(bench.transport.sent.empty());
}

TEST_CASE("client: error answers of all three shapes are taken apart") {
  const auto ec2 = aws::read_failure({400, {}, error_xml("A.B", "x &amp; y")}, k_change);
  CHECK(ec2.code == "A.B");
  CHECK(ec2.message == "x & y");
  CHECK(ec2.status == 400);
  CHECK(ec2.mutating);
  const auto sts = aws::read_failure(
      {403,
       {},
       "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
       "</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"},
      k_read);
  CHECK(sts.code == "AccessDenied");
  CHECK(sts.message == "no");
  const Action json{"ssm:GetParameter", Protocol::json, false};
  const auto ssm = aws::read_failure(
      {400, {}, R"({"__type":"com.amazonaws.ssm#ParameterNotFound:http://x","message":"m"})"},
      json);
  CHECK(ssm.code == "ParameterNotFound");
  CHECK(ssm.message == "m");
  CHECK(aws::read_failure({400, {}, R"({"__type":"AccessDeniedException","Message":"M"})"}, json)
            .message == "M");
}

TEST_CASE("client: an error page that is not AWS's has no code") {
  for (const char* body : {"", "<html>Bad gateway", "[]", "<Response><Errors/></Response>"}) {
    CHECK(aws::read_failure({502, {}, body}, k_read).code.empty());
    CHECK(aws::read_failure({502, {}, body}, {"ssm:X", Protocol::json, false}).code.empty());
  }
}

}  // namespace
}  // namespace mayfly
