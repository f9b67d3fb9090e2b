#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using testing::Bench;
using testing::count_of;
using testing::element;

const std::string k_run =
    "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=c5.9xlarge"
    "&ImageId=ami-0f3c0000000000002&InstanceMarketOptions.MarketType=spot";

TEST_CASE("run: one spot machine as the seed asks for it") {
  Bench bench;
  const auto answer =
      bench.query(k_run + "&InstanceInitiatedShutdownBehavior=terminate&UserData=IyEvYmluL3No" +
                  "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Label"
                  "&TagSpecification.1.Tag.1.Value=rr_runner_1");
  CHECK(answer.status == 200);
  const auto machine = bench.aws.find({element(answer.body, "instanceId")});
  REQUIRE(machine);
  CHECK(machine->spec.user_data == "#!/bin/sh");
  CHECK(machine->spec.tags == aws::Tags{{"Label", "rr_runner_1"}});
  CHECK(element(answer.body, "instanceLifecycle") == "spot");
}

TEST_CASE("run: no capacity is a 500 that launches nothing") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) {
    o.capacity[{"c5.9xlarge", "subnet-0a000000000000001", aws::Market::spot}] = 1;
  });
  CHECK(bench.query(k_run).status == 200);
  const auto refused = bench.query(k_run);
  CHECK(refused.status == 500);
  CHECK(element(refused.body, "Code") == "InsufficientInstanceCapacity");
  CHECK(bench.aws.instances().size() == 1);
}

TEST_CASE("run: between MinCount and MaxCount there may be as many as there is room for") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) { o.spot_quota = 2; });
  std::string wide = k_run;
  wide.replace(wide.find("MaxCount=1"), 10, "MaxCount=5");
  CHECK(count_of(bench.query(wide).body, "<instanceId>") == 2);
  CHECK(element(bench.query(wide).body, "Code") == "MaxSpotInstanceCountExceeded");
}

TEST_CASE("run: a token launches once in a zone, and again in another zone") {
  Bench bench;
  const std::string a = k_run + "&ClientToken=t&SubnetId=subnet-0a000000000000001";
  const std::string b = k_run + "&ClientToken=t&SubnetId=subnet-0b000000000000002";
  const std::string first = element(bench.query(a).body, "instanceId");
  CHECK(element(bench.query(a).body, "instanceId") == first);
  const std::string second = element(bench.query(b).body, "instanceId");
  CHECK_FALSE(second.empty());
  CHECK(second != first);
  CHECK(element(bench.query(a + "&KeyName=operator").body, "Code") ==
        "IdempotentParameterMismatch");
}

TEST_CASE("run: a repeated token shows the machine as it is now") {
  Bench bench;
  const std::string call = k_run + "&ClientToken=t";
  const InstanceId id{element(bench.query(call).body, "instanceId")};
  bench.clock.pass(Seconds{3});
  CHECK(element(element(bench.query(call).body, "instanceState"), "name") == "running");
}

TEST_CASE("run: user data is at most 16 KiB raw and must be base64") {
  Bench bench;
  const auto with = [&](std::size_t size) {
    return bench.query(k_run + "&UserData=" + percent_encode(base64_encode(std::string(size, 'x'))))
        .status;
  };
  CHECK(with(16384) == 200);
  CHECK(with(16385) == 400);
  CHECK(element(bench.query(k_run + "&UserData=%21").body, "Code") == "InvalidUserData.Malformed");
}

TEST_CASE("run: an instance profile is not among the parameters") {
  Bench bench;
  const auto answer = bench.query(k_run + "&IamInstanceProfile.Name=admin");
  CHECK(element(answer.body, "Code") == "UnknownParameter");
  CHECK(bench.aws.instances().empty());
}

TEST_CASE("run: a network interface and subnet or groups beside it exclude each other") {
  Bench bench;
  CHECK(bench.query(k_run + "&NetworkInterface.1.DeviceIndex=0&SubnetId=subnet-0a000000000000001")
            .status == 400);
  CHECK(bench
            .query(k_run + "&NetworkInterface.1.DeviceIndex=0"
                           "&NetworkInterface.1.SubnetId=subnet-0b000000000000002"
                           "&NetworkInterface.1.AssociatePublicIpAddress=false")
            .status == 200);
  CHECK(bench.aws.instances().front().public_address.empty());
  CHECK(bench.aws.instances().front().availability_zone == "us-east-1b");
}

TEST_CASE("run: the sixth call in one moment is throttled") {
  Bench bench;
  for (int i = 0; i < 5; ++i) CHECK(bench.query(k_run).status == 200);
  const auto sixth = bench.query(k_run);
  CHECK(sixth.status == 503);
  CHECK(element(sixth.body, "Code") == "RequestLimitExceeded");
}

}  // namespace
}  // namespace mayfly::lab
