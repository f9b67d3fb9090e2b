#include <doctest/doctest.h>

#include "aws/ec2.h"
#include "aws/fleet_request.h"
#include "aws/testing.h"

namespace mayfly {
namespace {

using aws::testing::answer_xml;
using aws::testing::error_xml;

struct Ec2Bench : aws::testing::Bench {
  Ec2Bench() : Bench("ec2"), ec2(sender) {}

  Result<aws::FleetResult> create() { return ec2.create_fleet("Action=CreateFleet", deadline); }

  aws::Ec2Client ec2;
};

const std::string k_launched =
    "<fleetInstanceSet><item><launchTemplateAndOverrides><overrides><instanceType>c7i.4xlarge"
    "</instanceType><subnetId>subnet-a</subnetId><availabilityZone>us-east-2a</availabilityZone>"
    "</overrides></launchTemplateAndOverrides><lifecycle>spot</lifecycle><instanceIds>"
    "<item>i-0123456789abcdef0</item><item>i-0123456789abcdef1</item></instanceIds>"
    "<instanceType>c7i.4xlarge</instanceType></item></fleetInstanceSet>";
const std::string k_error =
    "<errorSet><item><launchTemplateAndOverrides><overrides><instanceType>m7i.4xlarge"
    "</instanceType><subnetId>subnet-b</subnetId></overrides></launchTemplateAndOverrides>"
    "<lifecycle>spot</lifecycle><errorCode>InsufficientInstanceCapacity</errorCode>"
    "<errorMessage>There is no Spot capacity</errorMessage></item></errorSet>";

TEST_CASE("ec2: a fleet may be partial, with machines and errors in one answer") {
  Ec2Bench bench;
  bench.transport.answer(
      200, answer_xml("CreateFleet", "<fleetId>fleet-1</fleetId>" + k_error + k_launched));
  const aws::FleetResult result = bench.create().value();
  CHECK(result.fleet_id == "fleet-1");
  REQUIRE(result.instances.size() == 2);
  CHECK(result.instances[0].id.text == "i-0123456789abcdef0");
  CHECK(result.instances[1].id.text == "i-0123456789abcdef1");
  CHECK(result.instances[1].instance_type == "c7i.4xlarge");
  CHECK(result.instances[1].availability_zone == "us-east-2a");
  CHECK(result.instances[1].market == aws::Market::spot);
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].code == "InsufficientInstanceCapacity");
  CHECK(result.errors[0].message == "There is no Spot capacity");
  CHECK(result.errors[0].instance_type == "m7i.4xlarge");
  CHECK(result.errors[0].subnet_id == "subnet-b");
}

TEST_CASE("ec2: the image of a fleet's request can be read from its bytes") {
  aws::CreateFleet fleet;
  fleet.tags = {{"a.ImageId=ami-evil", "b&x.ImageId=ami-evil"}};
  fleet.overrides = {{"c7i.large", "subnet-a", ""}};
  CHECK(aws::image_in(aws::encode(fleet)).empty());
  fleet.overrides.push_back({"c7i.large", "subnet-b", "ami-0a"});
  CHECK(aws::image_in(aws::encode(fleet)) == "ami-0a");
  CHECK(aws::image_in("x.ImageId=ami-0b") == "ami-0b");
}

TEST_CASE("ec2: a fleet that launched nothing is an answer, not a failure") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("CreateFleet", "<fleetInstanceSet/>" + k_error));
  const aws::FleetResult result = bench.create().value();
  CHECK(result.instances.empty());
  CHECK(result.errors.size() == 1);
}

TEST_CASE("ec2: a fleet whose answer cannot be understood may have launched machines") {
  const std::string bad_id =
      "<fleetInstanceSet><item><instanceIds><item>../../x</item></instanceIds></item>"
      "</fleetInstanceSet>";
  for (const std::string& body :
       {std::string("<html>"), std::string(), answer_xml("RunInstances", ""),
        answer_xml("CreateFleet", bad_id)}) {
    Ec2Bench bench;
    bench.transport.answer(200, body);
    const auto result = bench.create();
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Code::aws_lost);
  }
}

TEST_CASE("ec2: a fleet refused as a whole is an error with AWS's reason") {
  Ec2Bench bench;
  bench.transport.answer(400, error_xml("IdempotentParameterMismatch"));
  CHECK(bench.create().error().code == Code::aws_token_reused);
  bench.transport.answer(503, error_xml("ServiceUnavailable"));
  CHECK(bench.create().error().code == Code::aws_lost);
  bench.transport.fail_with(Code::transport_lost);
  CHECK(bench.create().error().code == Code::aws_lost);
  bench.transport.fail_with(Code::transport_not_sent);
  CHECK(bench.create().error().code == Code::aws_unavailable);
}

TEST_CASE("ec2: a dry run asks whether a fleet would be allowed, and launches nothing") {
  Ec2Bench bench;
  bench.transport.answer(412, error_xml("DryRunOperation"));
  CHECK(bench.ec2.may_create_fleet("Action=CreateFleet&X=1", bench.deadline));
  CHECK(bench.transport.body(0) == "Action=CreateFleet&X=1&DryRun=true");
  bench.transport.answer(403, error_xml("UnauthorizedOperation"));
  CHECK(bench.ec2.may_create_fleet("", bench.deadline).error().code == Code::aws_denied);
  bench.transport.answer(400, error_xml("InvalidInstanceID.NotFound"));
  CHECK_FALSE(bench.ec2.may_create_fleet("", bench.deadline));
  bench.transport.answer(200, answer_xml("CreateFleet", ""));
  CHECK_FALSE(bench.ec2.may_create_fleet("", bench.deadline));
}

TEST_CASE("ec2: a dry run of a termination counts an unknown machine as allowed") {
  Ec2Bench bench;
  bench.transport.answer(400, error_xml("InvalidInstanceID.NotFound"));
  CHECK(bench.ec2.may_terminate(bench.deadline));
  CHECK(bench.transport.body(0) ==
        "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-00000000000000000"
        "&DryRun=true");
  bench.transport.answer(412, error_xml("DryRunOperation"));
  CHECK(bench.ec2.may_terminate(bench.deadline));
  bench.transport.answer(403, error_xml("UnauthorizedOperation"));
  CHECK(bench.ec2.may_terminate(bench.deadline)
            .error()
            .message.find("Allow ec2:TerminateInstances") != std::string::npos);
}

TEST_CASE("ec2: the other dry runs ask about what the call itself would name, and change nothing") {
  Ec2Bench bench;
  aws::LaunchTemplate launch_template;
  launch_template.name = "mayfly-ci";
  for (int i = 0; i < 4; ++i) bench.transport.answer(412, error_xml("DryRunOperation"));
  CHECK(bench.ec2.may_terminate(bench.deadline, InstanceId{"i-0a"}));
  CHECK(bench.ec2.may_disable_metadata(bench.deadline, InstanceId{"i-0a"}));
  CHECK(bench.ec2.may_create_launch_template(launch_template, {{"k", "v"}}, bench.deadline));
  CHECK(bench.ec2.may_create_launch_template_version(launch_template, bench.deadline));
  const auto said = [&](std::size_t n, const char* text) {
    return bench.transport.body(n).find(text) != std::string::npos;
  };
  for (std::size_t n = 0; n < 4; ++n) CHECK(bench.transport.body(n).ends_with("&DryRun=true"));
  CHECK(said(0, "InstanceId.1=i-0a&"));
  CHECK(said(1, "InstanceId=i-0a&HttpEndpoint=disabled"));
  CHECK(said(2, "TagSpecification.1.Tag.1.Key=k"));
  CHECK(said(3, "Action=CreateLaunchTemplateVersion"));
  for (int i = 0; i < 3; ++i) bench.transport.answer(403, error_xml("UnauthorizedOperation"));
  CHECK(bench.ec2.may_disable_metadata(bench.deadline).error().code == Code::aws_denied);
  CHECK(said(4, "InstanceId=i-00000000000000000"));
  CHECK_FALSE(bench.ec2.may_create_launch_template(launch_template, {}, bench.deadline));
  CHECK_FALSE(bench.ec2.may_create_launch_template_version(launch_template, bench.deadline));
}

}  // namespace
}  // namespace mayfly
