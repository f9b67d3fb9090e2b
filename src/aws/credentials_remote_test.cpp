#include <doctest/doctest.h>

#include "aws/credentials_sources.h"
#include "aws/testing.h"

namespace mayfly {
namespace {

using Found = Result<std::optional<aws::Credentials>>;

const SteadyTime k_deadline{Seconds{60}};
const std::string k_metadata =
    R"({"Code":"Success","AccessKeyId":"AK","SecretAccessKey":"SK","Token":"ST",)"
    R"("Expiration":"2027-01-15T14:00:00Z"})";
const std::string k_sts =
    "<AssumeRoleWithWebIdentityResponse "
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>"
    "<Credentials><SessionToken>ST</SessionToken><SecretAccessKey>SK</SecretAccessKey>"
    "<Expiration>2027-01-15T14:00:00Z</Expiration><AccessKeyId>AK</AccessKeyId></Credentials>"
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

struct Bench {
  aws::testing::FakeEnvironment environment;
  aws::testing::FakeClock clock;
  aws::testing::ScriptedTransport transport;
  aws::CredentialsSeams seams{environment, transport, clock};

  Found web_identity() { return web_identity_source(seams, "us-east-2")->fetch(k_deadline); }
  Found container() { return container_source(seams)->fetch(k_deadline); }
  Found imds() { return imds_source(seams)->fetch(k_deadline); }

  const HttpRequest& request(std::size_t n) { return transport.sent.at(n).request; }
  std::string header(std::size_t n, const char* name) {
    return std::string(request(n).headers.find(name).value_or(""));
  }
};

void check_whole(const Found& found) {
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->access_key_id == "AK");
  CHECK((*found)->secret_access_key.reveal() == "SK");
  CHECK((*found)->session_token.reveal() == "ST");
  CHECK((*found)->expires_at == parse_iso8601("2027-01-15T14:00:00Z"));
}

void set_web_identity(Bench& bench) {
  bench.environment.variables = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                                 {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}};
  bench.environment.files["/token"] = "jwt.one\n";
}

TEST_CASE("web identity: the token is exchanged by an unsigned form, read anew each time") {
  Bench bench;
  CHECK_FALSE(bench.web_identity().value());
  set_web_identity(bench);
  bench.transport.answer(200, k_sts);
  check_whole(bench.web_identity());
  CHECK(bench.request(0).url == "https://sts.us-east-2.amazonaws.com/");
  CHECK(bench.request(0).body ==
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole"
        "%2Fr&RoleSessionName=mayfly&WebIdentityToken=jwt.one");
  CHECK(bench.header(0, "Authorization").empty());

  bench.environment.files["/token"] = "jwt.two";
  bench.environment.variables["AWS_ROLE_SESSION_NAME"] = "me";
  bench.environment.variables["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:9";
  bench.transport.answer(200, k_sts);
  check_whole(bench.web_identity());
  CHECK(bench.request(1).url == "http://127.0.0.1:9/");
  CHECK(bench.request(1).body.ends_with("RoleSessionName=me&WebIdentityToken=jwt.two"));
}

TEST_CASE("web identity: what is half configured or refused is an error") {
  Bench bench;
  set_web_identity(bench);
  bench.transport.answer(400,
                         "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>no"
                         "</Message></Error></ErrorResponse>");
  CHECK(bench.web_identity().error().code == Code::aws_credentials);
  bench.transport.answer(503, "");
  CHECK(bench.web_identity().error().code == Code::aws_unavailable);
  bench.transport.fail_with(Code::transport_lost);
  CHECK(bench.web_identity().error().code == Code::aws_unavailable);
  bench.transport.answer(200, "<AssumeRoleWithWebIdentityResponse/>");
  CHECK(bench.web_identity().error().code == Code::aws_bad_answer);
  bench.environment.files.clear();
  CHECK(bench.web_identity().error().code == Code::aws_credentials);
  bench.environment.variables.erase("AWS_ROLE_ARN");
  CHECK(bench.web_identity().error().message.find("AWS_ROLE_ARN") != std::string::npos);
}

TEST_CASE("container: the relative address is on the task's link-local host, two seconds a try") {
  Bench bench;
  CHECK_FALSE(bench.container().value());
  bench.environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/u";
  bench.transport.answer(200, k_metadata);
  check_whole(bench.container());
  CHECK(bench.request(0).url == "http://169.254.170.2/v2/credentials/u");
  CHECK(bench.transport.sent.at(0).deadline == SteadyTime{Seconds{2}});
  bench.environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@evil.example/";
  CHECK(bench.container().error().code == Code::aws_credentials);
}

TEST_CASE("container: plain http goes to the documented hosts only") {
  for (const char* url :
       {"http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1", "http://localhost:80/",
        "http://127.1.2.3/", "http://[::1]/", "https://creds.example.com/"}) {
    CAPTURE(url);
    Bench bench;
    bench.environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    bench.transport.answer(200, k_metadata);
    check_whole(bench.container());
    CHECK(bench.request(0).url == url);
  }
  for (const char* url :
       {"http://example.com/", "http://169.254.169.254/", "http://127.0.0.1.evil/",
        "http://127.0.0.999/", "http://127.0.0.1@evil.example/", "ftp://localhost/", "localhost"}) {
    CAPTURE(url);
    Bench bench;
    bench.environment.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    bench.transport.answer(200, k_metadata);
    const Found found = bench.container();
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::aws_credentials);
    CHECK(bench.transport.sent.empty());
  }
}

TEST_CASE(
    "container: the authorization token comes from its file first, and never splits a header") {
  Bench bench;
  bench.environment.variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain"}};
  bench.transport.answer(200, k_metadata);
  check_whole(bench.container());
  CHECK(bench.header(0, "Authorization") == "plain");

  bench.environment.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/t";
  bench.environment.files["/t"] = "filed\n";
  bench.transport.answer(200, k_metadata);
  check_whole(bench.container());
  CHECK(bench.header(1, "Authorization") == "filed");

  bench.environment.files["/t"] = "a\r\nX-Evil: 1";
  CHECK(bench.container().error().code == Code::aws_credentials);
  bench.environment.files.clear();
  CHECK(bench.container().error().code == Code::aws_credentials);
  CHECK(bench.transport.sent.size() == 2);
}

TEST_CASE("container: three tries, then the failure; a refusal is not tried again") {
  Bench bench;
  bench.environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c";
  bench.transport.fail_with(Code::transport_not_sent);
  bench.transport.answer(500, "");
  bench.transport.answer(200, k_metadata);
  check_whole(bench.container());
  for (int i = 0; i < 3; ++i) bench.transport.answer(503, "");
  CHECK(bench.container().error().code == Code::aws_unavailable);
  bench.transport.answer(403, "");
  CHECK(bench.container().error().code == Code::aws_credentials);
  CHECK(bench.transport.sent.size() == 7);
}

TEST_CASE("container: an answer that lacks something is refused, and none of it is quoted") {
  for (const char* body :
       {"", "[]", R"({"AccessKeyId":"AK","SecretAccessKey":"SECRET"})",
        R"({"AccessKeyId":"AK","SecretAccessKey":"SECRET","Token":"T","Expiration":"x"})"}) {
    Bench bench;
    bench.environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c";
    bench.transport.answer(200, body);
    const Found found = bench.container();
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::aws_credentials);
    CHECK(found.error().message.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("imds: a token is put first and goes with every request") {
  Bench bench;
  bench.transport.answer(200, "tok");
  bench.transport.answer(200, "my-role\n");
  bench.transport.answer(200, k_metadata);
  check_whole(bench.imds());
  CHECK(bench.request(0).method == "PUT");
  CHECK(bench.request(0).url == "http://169.254.169.254/latest/api/token");
  CHECK(bench.header(0, "X-aws-ec2-metadata-token-ttl-seconds") == "21600");
  CHECK(bench.request(1).url ==
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
  CHECK(bench.request(2).url ==
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  for (const std::size_t n : {1U, 2U}) {
    CHECK(bench.request(n).method == "GET");
    CHECK(bench.header(n, "X-aws-ec2-metadata-token") == "tok");
    CHECK(bench.transport.sent.at(n).deadline == SteadyTime{Seconds{2}});
  }
}

TEST_CASE("imds: it can be switched off and pointed elsewhere") {
  Bench bench;
  bench.environment.variables["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  CHECK_FALSE(bench.imds().value());
  CHECK(bench.transport.sent.empty());
  bench.environment.variables = {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[fd00:ec2::254]/"}};
  bench.transport.answer(404, "");
  CHECK_FALSE(bench.imds().value());
  CHECK(bench.request(0).url == "http://[fd00:ec2::254]/latest/api/token");
}

TEST_CASE("imds: away from EC2 and without a role there are none, after one short try") {
  Bench bench;
  bench.transport.fail_with(Code::transport_not_sent);
  CHECK_FALSE(bench.imds().value());
  CHECK(bench.transport.sent.size() == 1);
  bench.transport.answer(200, "tok");
  bench.transport.answer(404, "not found");
  CHECK_FALSE(bench.imds().value());
}

TEST_CASE(
    "imds: a token that would split a header, and a role that would leave its path, are refused") {
  Bench bench;
  bench.transport.answer(200, "a\r\nX: 1");
  CHECK_FALSE(bench.imds().value());
  bench.transport.answer(200, "tok");
  bench.transport.answer(200, "../../user-data");
  CHECK(bench.imds().error().code == Code::aws_credentials);
  CHECK(bench.transport.sent.size() == 3);
}

TEST_CASE("imds: a role that cannot be read is not mistaken for no role") {
  Bench bench;
  bench.transport.answer(200, "tok");
  for (int i = 0; i < 3; ++i) bench.transport.fail_with(Code::transport_lost);
  CHECK(bench.imds().error().code == Code::aws_unavailable);
}

TEST_CASE("imds: no try goes past the deadline of the whole") {
  Bench bench;
  bench.transport.on_send = [&] { bench.clock.advance(Seconds{31}); };
  bench.transport.answer(200, "tok");
  for (int i = 0; i < 3; ++i) bench.transport.fail_with(Code::transport_lost);
  CHECK_FALSE(bench.imds());
  CHECK(bench.transport.sent.size() == 2);
}

}  // namespace
}  // namespace mayfly
