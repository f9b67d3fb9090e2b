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

void answer_group(Service& service) {
  service.github_wire.answer(
      200, R"({"id":1,"name":"ci","visibility":"selected","allows_public_repositories":true})");
  service.github_wire.answer(
      200,
      R"({"total_count":1,"repositories":[{"id":5,"full_name":"Octo/Repo","private":false}]})");
}

void answer_github_well(Service& service) {
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, github::runners_json(0, ""));
  answer_group(service);
  service.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "aa") + "]",
                             {{"x-ratelimit-limit", "5000"}, {"x-ratelimit-remaining", "4987"}});
}

std::string versions_xml() {
  return answer_xml("DescribeLaunchTemplateVersions",
                    "<launchTemplateVersionSet><item><versionNumber>3</versionNumber></item>"
                    "</launchTemplateVersionSet>");
}

void deny(Service& service, int count) {
  for (int i = 0; i < count; ++i) service.ec2_wire.answer(403, error_xml("UnauthorizedOperation"));
}

// Up to the questions about images and fleets.
void answer_aws_well_so_far(Service& service) {
  service.ec2_wire.answer(200, answer_xml("DescribeInstances", "<reservationSet/>"));
  for (int i = 0; i < 2; ++i) service.ec2_wire.answer(400, error_xml("InvalidInstanceID.NotFound"));
  service.ec2_wire.answer(200, versions_xml());
  service.ec2_wire.answer(412, error_xml("DryRunOperation"));
}

void answer_aws_well(Service& service) {
  answer_aws_well_so_far(service);
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
  for (std::size_t n : {1U, 2U, 4U, 5U}) CHECK(asked_for(service.ec2_wire, n, "DryRun=true"));
}

Config pinned_to(const std::string& version) {
  Config config = one_architecture();
  config.runner.version = version;
  config.runner.sha256[Architecture::x86_64] = std::string(64, 'a');
  return config;
}

TEST_CASE("diagnosis: a pinned runner is warned about from the first newer one on, not before") {
  for (const char* version : {"2.335.0", "2.336.0"}) {
    Service service(pinned_to(version));
    answer_github_well(service);
    answer_aws_well(service);
    const auto findings = service.diagnosis.run();
    const Finding& finding = about(findings, "runner for x86_64");
    const bool is_newest = version == std::string("2.336.0");
    CHECK(finding.level == (is_newest ? Level::ok : Level::warning));
    CHECK(mentions(finding, version));
    CHECK(mentions(finding, "30 days") == !is_newest);
  }
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
  for (int i = 0; i < 4; ++i) service.github_wire.answer(401, R"({"message":"Bad credentials"})");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  for (const char* subject : {"github: runs of octo/repo", "github: runners",
                              "github: runner group", "runner for x86_64"}) {
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
  for (int i = 0; i < 3; ++i) service.github_wire.answer(404, R"({"message":"Not Found"})");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  CHECK(mentions(about(findings, "github: runs of octo/repo"), "Actions: read"));
  CHECK(mentions(about(findings, "github: runners"), "Self-hosted runners: write"));
  CHECK(mentions(about(findings, "runner for x86_64"), "Self-hosted runners: write"));
}

std::string one_instance_xml() {
  return answer_xml("DescribeInstances",
                    "<reservationSet><item><instancesSet><item>"
                    "<instanceId>i-0123456789abcdef0</instanceId>"
                    "<instanceState><name>running</name></instanceState>"
                    "<launchTime>2026-11-23T20:15:30.000Z</launchTime>"
                    "</item></instancesSet></item></reservationSet>");
}

TEST_CASE("diagnosis: an action that AWS refuses is named with what to allow, one by one") {
  Service service(one_architecture());
  answer_github_well(service);
  service.ec2_wire.answer(200, one_instance_xml());
  deny(service, 2);
  service.ec2_wire.answer(200, versions_xml());
  deny(service, 2);
  const auto findings = service.diagnosis.run();
  for (const std::string action :
       {"TerminateInstances", "ModifyInstanceMetadataOptions", "CreateLaunchTemplateVersion"}) {
    CAPTURE(action);
    CHECK(about(findings, "aws: ec2:" + action).level == Level::problem);
    CHECK(mentions(about(findings, "aws: ec2:" + action), "Allow ec2:" + action));
  }
  CHECK(mentions(about(findings, "aws: ec2:CreateFleet for x86_64"), "Allow ec2:CreateFleet"));
  CHECK(about(findings, "github: runners").level == Level::ok);
  for (std::size_t n : {1U, 2U}) CHECK(asked_for(service.ec2_wire, n, "i-0123456789abcdef0"));
}

TEST_CASE("diagnosis: a refusal for what does not exist may be due to its missing tag: a warning") {
  Service service(one_architecture());
  answer_github_well(service);
  service.ec2_wire.answer(200, answer_xml("DescribeInstances", "<reservationSet/>"));
  deny(service, 2);
  service.ec2_wire.answer(400, error_xml("InvalidLaunchTemplateName.NotFoundException"));
  service.ec2_wire.answer(412, error_xml("DryRunOperation"));
  deny(service, 1);
  const auto findings = service.diagnosis.run();
  for (const std::string action :
       {"TerminateInstances", "ModifyInstanceMetadataOptions", "CreateFleet for x86_64"})
    CHECK(about(findings, "aws: ec2:" + action).level == Level::warning);
  CHECK(about(findings, "aws: ec2:CreateLaunchTemplate").level == Level::ok);
}

TEST_CASE("diagnosis: what may not even be listed is a problem") {
  Service service(one_architecture());
  answer_github_well(service);
  deny(service, 1);
  for (int i = 0; i < 2; ++i) service.ec2_wire.answer(400, error_xml("InvalidInstanceID.NotFound"));
  deny(service, 1);
  service.ec2_wire.answer(412, error_xml("DryRunOperation"));
  const auto findings = service.diagnosis.run();
  for (const std::string action : {"DescribeInstances", "DescribeLaunchTemplateVersions"})
    CHECK(mentions(about(findings, "aws: ec2:" + action), "Allow ec2:" + action));
  CHECK(service.ec2_wire.is_finished());
}

TEST_CASE("diagnosis: an image that is not there is told before a launch is tried with it") {
  Config config = one_architecture();
  config.images[Architecture::x86_64] = {"", "", "self", "mayfly-*"};
  Service service(config);
  answer_github_well(service);
  answer_aws_well_so_far(service);
  service.ec2_wire.answer(200, images_xml(""));
  const auto findings = service.diagnosis.run();
  CHECK(about(findings, "aws: image for x86_64").level == Level::problem);
  CHECK(mentions(about(findings, "aws: image for x86_64"), "mayfly-*"));
  CHECK(service.ec2_wire.is_finished());
  CHECK(service.ec2_wire.sent.size() == 6);
}

TEST_CASE("diagnosis: a runner without a checksum, and an unwise setting, are warnings") {
  Config config = one_architecture();
  config.aws.key_name = "key";
  Service service(config);
  service.github_wire.answer(200, runs_json(""));
  service.github_wire.answer(200, runs_json(github::run_json(7)));
  service.github_wire.answer(200, github::runners_json(1, github::runner_json(1, "other")));
  answer_group(service);
  service.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "") + "]");
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  CHECK(about(findings, "runner for x86_64").level == Level::warning);
  CHECK(about(findings, "configuration").level == Level::warning);
  CHECK(mentions(about(findings, "configuration"), "key_name"));
  CHECK(about(findings, "github: runs of octo/repo").text == "1 live run");
  CHECK(about(findings, "github: runners").text == "1 registered");
}

TEST_CASE("diagnosis: the policy is told in words, and whether it can be kept") {
  Config config = one_architecture();
  config.repositories.at(0).policy = {.events = {"push", "pull_request"},
                                      .workflows = {".github/workflows/ci.yml"},
                                      .forks = Forks::approved,
                                      .denied_actors = {"mallory"}};
  for (const int status : {200, 403, 404}) {
    CAPTURE(status);
    Service service(config);
    service.github_wire.answer(200, runs_json(""));
    service.github_wire.answer(200, runs_json(""));
    service.github_wire.answer(status, status == 200 ? "[]" : R"({"message":"no"})");
    service.github_wire.answer(200, github::runners_json(0, ""));
    answer_group(service);
    service.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "aa") + "]");
    answer_aws_well(service);
    const auto findings = service.diagnosis.run();
    CHECK(about(findings, "policy of octo/repo").text ==
          "serves runs of push, pull_request in .github/workflows/ci.yml; of forks those whose "
          "author is a member or collaborator, or whose commit one of these has approved in a "
          "review; denies 1 account");
    const Finding& probe = about(findings, "github: pull requests of octo/repo");
    CHECK(probe.level == (status == 200 ? Level::ok : Level::problem));
    CHECK((status == 200 || mentions(probe, "Pull requests: read")));
  }
}

TEST_CASE("diagnosis: without a policy pull requests are not asked for") {
  Service service(one_architecture());
  answer_github_well(service);
  answer_aws_well(service);
  const auto findings = service.diagnosis.run();
  CHECK(about(findings, "policy of octo/repo").text ==
        "serves every event; forks like all others: GitHub's own approval settings decide whose "
        "runs start");
  for (const auto& request : service.github_wire.sent)
    CHECK(request.url.find("/pulls") == std::string::npos);
}

TEST_CASE("diagnosis: who wants runs cancelled learns whether the token may do so") {
  const auto finding = [](int status) {
    Service service(one_architecture());
    service.config.repositories.front().cancel_unserved = true;
    answer_github_well(service);
    service.github_wire.answer(status, R"({"message":"Not so"})");
    answer_aws_well(service);
    const auto findings = service.diagnosis.run();
    CHECK(service.github_wire.sent.back().url.ends_with("/repos/octo/repo/actions/runs/1/cancel"));
    return about(findings, "github: cancelling and re-running runs of octo/repo");
  };
  CHECK(finding(404).level == Level::ok);
  CHECK(finding(403).level == Level::problem);
  CHECK(finding(403).text.find("Actions: read and write") != std::string::npos);
}

TEST_CASE("diagnosis: without credentials AWS is not asked anything") {
  Service service(one_architecture());
  answer_github_well(service);
  aws::CredentialsChain none(service.clock, {});
  Diagnosis diagnosis(service.config,
                      {service.clock, service.github, service.ec2, none, *service.ledger},
                      service.images, service.packages);
  const auto findings = diagnosis.run();
  CHECK(about(findings, "aws: credentials").level == Level::problem);
  CHECK(service.ec2_wire.sent.empty());
}

TEST_CASE("diagnosis: the worst day is every machine all day at the dearest price, or the limit") {
  Config config = small_config();
  config.limits.machines = 3;
  CHECK(worst_day(config).at_most == Money{90'000 * 24 * 3});
  CHECK(worst_day(config).text ==
        "at most $6.48 a day: 3 machines x $0.0900 an hour (c7i.large) x 24 h = $6.48, within "
        "limits.usd_per_day = $50.00; at most $500.00 a month");
  config.limits.usd_per_day = Money{1'000'000};
  CHECK(worst_day(config).at_most == Money{1'000'000});
  CHECK(worst_day(config).text ==
        "at most $1.00 a day: limits.usd_per_day, where 3 machines x $0.0900 an hour (c7i.large) x "
        "24 h = $6.48; at most $500.00 a month");
}

TEST_CASE("diagnosis: few launches an hour bound the worst day as well") {
  Config config = small_config();
  config.limits.machines = 10;
  config.limits.launches_per_hour = 2;
  config.machine.lifetime = std::chrono::minutes{58};
  CHECK(worst_day(config).at_most == Money{90'000 * 24 * 2});
  CHECK(worst_day(config).text.starts_with(
      "at most $4.32 a day: 2 machines (by limits.launches_per_hour and their lifetime) x"));
  config.machine.lifetime = std::chrono::minutes{59};  // and two minutes past its deadline
  CHECK(worst_day(config).at_most == Money{90'000 * 24 * 4});
}

TEST_CASE("diagnosis: launches that pause are a problem, with the cause and its remedy") {
  Config config = small_config();
  config.limits.launch_failures_max = 1;
  Service service(config);
  const auto launches = [&] {
    for (const Finding& finding : service.diagnosis.run())
      if (finding.subject == "launches") return finding;
    return Finding{};
  };
  CHECK(launches().text == "not paused");
  Lease lease;
  lease.id = LeaseId{"l-0123456789abcdef0123"};
  REQUIRE(service.ledger->reserve({lease}, {}, config.limits, service.clock.wall()));
  lease.state = LeaseState::ending;
  lease.outcome = Outcome::refused;
  lease.reason = "aws-quota: no room";
  lease.state_since = service.clock.wall();
  REQUIRE(service.ledger->update(lease, {}, std::nullopt));
  const Finding found = launches();
  CHECK(found.level == Finding::Level::problem);
  CHECK(found.text.find("aws-quota") != std::string::npos);
  CHECK(found.remedy == info(Code::aws_quota).remedy);
}

}  // namespace
}  // namespace mayfly
