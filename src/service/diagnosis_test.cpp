#include "service/diagnosis.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::answer_xml;
using aws::testing::error_xml;
using Level = Finding::Level;

Config one_architecture() {
  Config config = small_config();
  config.images.erase(Architecture::arm64);
  config.instance_types.pop_back();
  return config;
}

void answer_github_well(Service& service) {
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, github::runners_json(0, ""));
  service.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "aa") + "]",
                             {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "4987"}});
}

void answer_aws_well(Service& service) {
  service.ec2_wire.answer(200, answer_xml("DescribeInstances", "<reservationSet/>"));
  service.ec2_wire.answer(400, error_xml("InvalidInstanceID.NotFound"));
  service.ec2_wire.answer(412, error_xml("DryRunOperation"));
}

const Finding& about(const std::vector<Finding>& findings, const std::string& subject) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const Finding& one) { return one.subject == subject; });
  REQUIRE_MESSAGE(found != findings.end(), subject);
  return *found;
}

bool mentions(const Finding& finding, const std::string& text) {
  return (finding.text + " " + finding.remedy).find(text) != std::string::npos;
}

TEST_CASE("diagnosis: where all is well every finding is good and nothing was changed") {
  Service service(one_architecture());
  answer_github_well(service);
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  for (const Finding& finding : findings)
    CHECK_MESSAGE(finding.level == Level::ok, finding.subject << ": " << finding.text);
  CHECK(about(findings, "github: rate limit").text == "4987 of 5000 calls left this hour");
  CHECK(about(findings, "runner for x86_64").text == "version 2.336.0");
  CHECK(about(findings, "aws: image for x86_64").text == "ami-0a");
  CHECK(service.leases() == 0);
  for (const auto& request : service.github_wire.sent) CHECK(request.method == "GET");
  for (std::size_t n : {1U, 2U}) CHECK(asked_for(service.ec2_wire, n, "DryRun=true"));
}

TEST_CASE("diagnosis: run again it starts anew") {
  Service service(one_architecture());
  answer_github_well(service);
  answer_aws_well(service);
  const std::size_t count = service.diagnosis.run().size();
  answer_github_well(service);
  answer_aws_well(service);
  CHECK(service.diagnosis.run().size() == count);
}

TEST_CASE("diagnosis: a credential that GitHub does not accept is the token's fault") {
  Service service(one_architecture());
  for (int i = 0; i < 3; ++i) service.github_wire.answer(401, R"({"message":"Bad credentials"})");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  for (const char* subject :
       {"github: runs of octo/repo", "github: runners", "runner for x86_64"}) {
    const Finding& finding = about(findings, subject);
    CHECK(finding.level == Level::problem);
    CHECK(mentions(finding, "Bad credentials"));
    CHECK(mentions(finding, "github.token"));
  }
  CHECK(about(findings, "aws: ec2:DescribeInstances").level == Level::ok);
}

TEST_CASE(
    "diagnosis: a permission that lacks is named, whether GitHub says 403 or hides it in 404") {
  Service service(one_architecture());
  service.github_wire.answer(403, R"({"message":"Resource not accessible"})");
  service.github_wire.answer(404, R"({"message":"Not Found"})");
  service.github_wire.answer(404, R"({"message":"Not Found"})");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  CHECK(mentions(about(findings, "github: runs of octo/repo"), "Actions: read"));
  CHECK(mentions(about(findings, "github: runners"), "Self-hosted runners: write"));
  CHECK(mentions(about(findings, "runner for x86_64"), "Self-hosted runners: write"));
}

TEST_CASE("diagnosis: an action that AWS refuses is named with what to allow, one by one") {
  Service service(one_architecture());
  answer_github_well(service);
  for (int i = 0; i < 3; ++i) service.ec2_wire.answer(403, error_xml("UnauthorizedOperation"));
  const auto findings = service.diagnosis.run();
  CHECK(mentions(about(findings, "aws: ec2:DescribeInstances"), "Allow ec2:DescribeInstances"));
  CHECK(mentions(about(findings, "aws: ec2:TerminateInstances"), "Allow ec2:TerminateInstances"));
  CHECK(mentions(about(findings, "aws: ec2:CreateFleet for x86_64"), "Allow ec2:CreateFleet"));
  CHECK(about(findings, "github: runners").level == Level::ok);
}

TEST_CASE("diagnosis: an image that is not there is told before a launch is tried with it") {
  Config config = one_architecture();
  config.images[Architecture::x86_64] = {"", "", "self", "mayfly-*"};
  Service service(config);
  answer_github_well(service);
  service.ec2_wire.answer(200, answer_xml("DescribeInstances", "<reservationSet/>"));
  service.ec2_wire.answer(400, error_xml("InvalidInstanceID.NotFound"));
  service.ec2_wire.answer(200, images_xml(""));
  const auto findings = service.diagnosis.run();
  CHECK(about(findings, "aws: image for x86_64").level == Level::problem);
  CHECK(mentions(about(findings, "aws: image for x86_64"), "mayfly-*"));
  CHECK(service.ec2_wire.is_finished());
  CHECK(service.ec2_wire.sent.size() == 3);
}

TEST_CASE("diagnosis: a runner without a checksum, and an unwise setting, are warnings") {
  Config config = one_architecture();
  config.aws.key_name = "key";
  Service service(config);
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, runs_json(github::run_json(7)));
  service.github_wire.answer(200, github::runners_json(1, github::runner_json(1, "other")));
  service.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "") + "]");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  CHECK(about(findings, "runner for x86_64").level == Level::warning);
  CHECK(about(findings, "configuration").level == Level::warning);
  CHECK(mentions(about(findings, "configuration"), "key_name"));
  CHECK(about(findings, "github: runs of octo/repo").text == "1 live run");
  CHECK(about(findings, "github: runners").text == "1 registered");
}

TEST_CASE("diagnosis: without credentials AWS is not asked anything") {
  Service service(one_architecture());
  answer_github_well(service);
  aws::CredentialsChain none(service.clock, {});
  Diagnosis diagnosis(service.config, {service.clock, service.github, service.ec2, none},
                      service.images, service.packages);
  const auto findings = diagnosis.run();
  CHECK(about(findings, "aws: credentials").level == Level::problem);
  CHECK(service.ec2_wire.sent.empty());
}

TEST_CASE("diagnosis: the worst day is every machine all day at the dearest price, or the limit") {
  Config config = small_config();
  config.limits.machines = 3;
  CHECK(worst_day(config) == Money{90'000 * 24 * 3});
  config.limits.usd_per_day = Money{1'000'000};
  CHECK(worst_day(config) == Money{1'000'000});
}

}  // namespace
}  // namespace mayfly
