#include "lab/aws/fake_aws.h"

#include <doctest/doctest.h>

#include "aws/credentials_sources.h"
#include "aws/dynamodb.h"
#include "base/json.h"
#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using testing::Bench;
using testing::element;

constexpr const char* k_role = "arn:aws:iam::123456789012:role/mayfly";

TEST_CASE("aws: an unknown action, an old version and an unknown parameter are refused by name") {
  Bench bench;
  CHECK(element(bench.query("Action=DescribeVpcs").body, "Code") == "InvalidAction");
  CHECK(element(bench.query("Action=DescribeInstances", "2010-01-01").body, "Code") ==
        "InvalidAction");
  CHECK(element(bench.query("Action=DescribeInstances&MaxResult=5").body, "Code") ==
        "UnknownParameter");
}

TEST_CASE("aws: errors have EC2's form, with a request id") {
  Bench bench;
  const auto answer = bench.query("Action=Nonsense");
  CHECK(answer.status == 400);
  CHECK(element(answer.body, "RequestID").size() == 36);
  CHECK(answer.headers.find("x-amzn-RequestId") == element(answer.body, "RequestID"));
  CHECK(answer.headers.find("Content-Type") == "text/xml;charset=UTF-8");
}

TEST_CASE("aws: without a signature nothing is answered but a refusal") {
  Bench bench;
  const HttpRequest bare{"POST", "/", {}, "Action=DescribeInstances&Version=2016-11-15", {}};
  CHECK(bench.aws.handle(bare).status == 403);
}

TEST_CASE("aws: a denied action is UnauthorizedOperation, and the client knows what that means") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) { o.denied_actions = {"ec2:DescribeInstances"}; });
  const auto answer = bench.ec2.describe_instances({}, bench.deadline);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::aws_denied);
}

TEST_CASE("aws: a clock that is 16 minutes off is told so") {
  Bench bench;
  HttpRequest request{"POST",
                      std::string(testing::k_url) + "/",
                      {},
                      "Action=DescribeInstances&Version=2016-11-15",
                      {}};
  aws::sign(request, {bench.key.id, Secret(bench.key.secret), Secret(), std::nullopt, "test"},
            {"us-east-1", "ec2"}, bench.clock.wall() - Seconds{16 * 60});
  const auto answer = bench.network.send(request, bench.deadline);
  CHECK(answer->status == 400);
  CHECK(element(answer->body, "Code") == "RequestExpired");
}

TEST_CASE("aws: a listing without filter or page draws on the smaller bucket") {
  Bench bench;
  for (int i = 0; i < 50; ++i) CHECK(bench.query("Action=DescribeInstances").status == 200);
  CHECK(bench.query("Action=DescribeInstances").status == 503);
  CHECK(bench.query("Action=DescribeInstances&MaxResults=1000").status == 200);
}

TEST_CASE("images: the owner's images by name and architecture, deprecated ones hidden") {
  Bench bench;
  const auto images = bench.ec2.describe_images(
      {"099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*", "x86_64"}, bench.deadline);
  REQUIRE(images);
  CHECK(images->size() == 2);
  CHECK(images->front().creation_date < images->back().creation_date);
  const auto all = bench.query("Action=DescribeImages&IncludeDeprecated=true&Owner.1=099720109477");
  CHECK(testing::count_of(all.body, "<imageId>") == 4);
  CHECK(bench.ec2.describe_images({"self", "*", "x86_64"}, bench.deadline)->empty());
}

TEST_CASE("images: they come by id, not by date, and in pages") {
  FakeAwsOptions options;
  options.page_size_max = 1;
  options.images = {{"ami-0000000000000000b", "n", "self-made", "2026-01-01T00:00:00.000Z"},
                    {"ami-0000000000000000a", "n", "self-made", "2026-02-01T00:00:00.000Z"}};
  Bench bench(options);
  const auto images = bench.ec2.describe_images({"self-made", "n", "x86_64"}, bench.deadline);
  REQUIRE(images->size() == 2);
  CHECK(images->front().id == "ami-0000000000000000a");
}

TEST_CASE("images: an unknown id is an error") {
  Bench bench;
  CHECK(element(bench.query("Action=DescribeImages&ImageId.1=ami-0dead000000000000").body,
                "Code") == "InvalidAMIID.NotFound");
}

TEST_CASE("ssm: the client reads plain and secure parameters") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) {
    o.parameters["/token"] = {"s3cret", true};
    o.parameters["/plain"] = {"text", false};
  });
  CHECK(bench.ssm.get_parameter("/token", bench.deadline)->reveal() == "s3cret");
  CHECK(bench.ssm.get_parameter("/plain", bench.deadline)->reveal() == "text");
}

TEST_CASE("ssm: no such parameter, and no permission, are told apart") {
  Bench bench;
  CHECK(bench.ssm.get_parameter("/none", bench.deadline).error().code == Code::aws_not_found);
  bench.aws.configure([](FakeAwsOptions& o) { o.denied_actions = {"ssm:GetParameter"}; });
  CHECK(bench.ssm.get_parameter("/none", bench.deadline).error().code == Code::aws_denied);
}

HttpResponse ask_ssm(Bench& bench, const std::string& body, const std::string& target) {
  HttpRequest request{"POST", std::string(testing::k_url) + "/", {}, body, {}};
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", target);
  aws::sign(request, {bench.key.id, Secret(bench.key.secret), Secret(), std::nullopt, "test"},
            {"us-east-1", "ssm"}, bench.clock.wall());
  return *bench.network.send(request, bench.deadline);
}

TEST_CASE("ssm: a secure parameter stays unreadable unless decryption is asked for") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) { o.parameters["/token"] = {"s3cret", true}; });
  const auto answer = ask_ssm(bench, R"({"Name":"/token"})", "AmazonSSM.GetParameter");
  CHECK(answer.status == 200);
  CHECK(answer.body.find("s3cret") == std::string::npos);
}

TEST_CASE("ssm: unknown fields, operations and broken JSON are refused") {
  Bench bench;
  CHECK(ask_ssm(bench, R"({"Name":"x","Nome":1})", "AmazonSSM.GetParameter").status == 400);
  CHECK(ask_ssm(bench, "{", "AmazonSSM.GetParameter").status == 400);
  CHECK(ask_ssm(bench, "{}", "AmazonSSM.PutParameter").status == 400);
}

std::string assume(const std::string& token) {
  return std::string(
             "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=s&RoleArn=") +
         k_role + "&WebIdentityToken=" + token;
}

TEST_CASE("sts: a web identity token buys keys that work until they expire") {
  FakeAwsOptions options;
  options.web_identities[k_role] = "jwt";
  Bench bench(options);
  const auto answer = bench.aws.handle({"POST", "/", {}, assume("jwt"), {}});
  REQUIRE(answer.status == 200);
  bench.key = {element(answer.body, "AccessKeyId"), element(answer.body, "SecretAccessKey"),
               element(answer.body, "SessionToken"), std::nullopt, ""};
  CHECK(bench.query("Action=DescribeInstances").status == 200);
  const auto who = bench.query("Action=GetCallerIdentity", "2011-06-15", "sts");
  CHECK(element(who.body, "Arn") == "arn:aws:sts::123456789012:assumed-role/mayfly/s");
  bench.clock.pass(Seconds{3600});
  CHECK(element(bench.query("Action=DescribeInstances").body, "Code") == "RequestExpired");
}

TEST_CASE("sts: keys that expired a day ago are forgotten when new ones are given out") {
  FakeAwsOptions options;
  options.web_identities[k_role] = "jwt";
  Bench bench(options);
  const HttpRequest ask{"POST", "/", {}, assume("jwt"), {}};
  const auto answer = bench.aws.handle(ask);
  bench.key = {element(answer.body, "AccessKeyId"), element(answer.body, "SecretAccessKey"),
               element(answer.body, "SessionToken"), std::nullopt, ""};
  const auto code_after = [&](Millis d) {
    bench.clock.pass(d);
    CHECK(bench.aws.handle(ask).status == 200);
    return element(bench.query("Action=DescribeInstances").body, "Code");
  };
  CHECK(code_after(std::chrono::hours{25}) == "RequestExpired");
  CHECK(code_after(Seconds{1}) == "AuthFailure");
}

TEST_CASE("sts: a wrong token or role buys nothing") {
  FakeAwsOptions options;
  options.web_identities[k_role] = "jwt";
  Bench bench(options);
  CHECK(element(bench.aws.handle({"POST", "/", {}, assume("other"), {}}).body, "Code") ==
        "InvalidIdentityToken");
  bench.aws.configure([](FakeAwsOptions& o) { o.web_identities.clear(); });
  CHECK(bench.aws.handle({"POST", "/", {}, assume("jwt"), {}}).status == 403);
}

TEST_CASE("sts: who am I is answered to signed calls alone") {
  Bench bench;
  const auto who = bench.query("Action=GetCallerIdentity", "2011-06-15", "sts");
  CHECK(element(who.body, "Account") == "123456789012");
  const HttpRequest bare{"POST", "/", {}, "Action=GetCallerIdentity&Version=2011-06-15", {}};
  CHECK(bench.aws.handle(bare).status == 403);
}

TEST_CASE("fake aws: DynamoDB is known by its target, and answers to what is signed for it") {
  Bench bench;
  aws::SignedSender sender{
      bench.network, bench.chain, bench.clock, {testing::k_url, "us-east-1", "dynamodb"}};
  aws::DynamoDbClient table{sender, "mayfly"};
  CHECK(table.transact({"t", {aws::Write::put({{"pk", "a"}, {"sk", "b"}})}}, bench.deadline));
  CHECK(table.get_items({{"a", "b"}}, bench.deadline).value().items.size() == 1);
  aws::DynamoDbClient mistaken{bench.ssm_sender, "mayfly"};
  CHECK(mistaken.get_items({{"a", "b"}}, bench.deadline).error().code == Code::aws_credentials);
}

TEST_CASE("state: the emulator tells what it holds, without user data") {
  Bench bench;
  const InstanceId id = bench.launch("lease-1");
  const auto answer = bench.aws.handle({"GET", "/_emulator/aws/state", {}, {}, {}});
  const auto document = parse_json(answer.body);
  REQUIRE(document);
  const json::array* instances = json_array(document->get_object(), "instances");
  REQUIRE(instances->size() == 1);
  CHECK(json_string(instances->front().get_object(), "instance_id") == id.text);
  CHECK(json_int(document->get_object(), "spent_usd_micros") == bench.aws.spent().micros);
  CHECK(answer.body.find("bin/sh") == std::string::npos);
  CHECK(bench.aws.handle({"POST", "/_emulator/aws/state", {}, {}, {}}).status == 400);
}

}  // namespace
}  // namespace mayfly::lab
