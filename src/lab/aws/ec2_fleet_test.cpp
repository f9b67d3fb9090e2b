#include <doctest/doctest.h>

#include <set>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using testing::Bench;

constexpr const char* k_a = "subnet-0a000000000000001";
constexpr const char* k_b = "subnet-0b000000000000002";
constexpr const char* k_image = "ami-0f3c0000000000002";

aws::FleetResult created(Bench& bench, const aws::CreateFleet& fleet) {
  const auto result = bench.ec2.create_fleet(encode(fleet), bench.deadline);
  if (!result) FAIL(result.error().message);
  return *result;
}

TEST_CASE("fleet: machines carry the fleet's tags and the template's user data from the start") {
  Bench bench;
  const InstanceId id = bench.launch("lease-1");
  const auto machine = bench.aws.find(id);
  REQUIRE(machine);
  CHECK(machine->spec.tags.at("mayfly:lease") == "lease-1");
  CHECK(machine->spec.user_data == "#!/bin/sh\necho boot\n");
  CHECK(machine->spec.terminate_on_shutdown);
  CHECK(machine->spec.metadata.tokens_required);
  CHECK(machine->market == aws::Market::spot);
  CHECK(machine->client_token.text == "lease-1");
}

TEST_CASE("fleet: the same token and parameters launch nothing new, even when the machine died") {
  Bench bench;
  const InstanceId id = bench.launch("t");
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{5});
  const auto again = created(bench, bench.fleet("t"));
  REQUIRE(again.instances.size() == 1);
  CHECK(again.instances.front().id == id);
  CHECK(bench.aws.instances().size() == 1);
}

TEST_CASE("fleet: the same token with other parameters is a mismatch and launches nothing") {
  Bench bench;
  bench.launch("t");
  const auto other = bench.ec2.create_fleet(encode(bench.fleet("t", 2)), bench.deadline);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Code::aws_token_reused);
  CHECK(bench.aws.instances().size() == 1);
}

TEST_CASE("fleet: a token longer than 64 characters is refused") {
  Bench bench;
  bench.make_template();
  CHECK(bench.ec2.create_fleet(encode(bench.fleet(std::string(64, 't'))), bench.deadline));
  CHECK_FALSE(bench.ec2.create_fleet(encode(bench.fleet(std::string(65, 't'))), bench.deadline));
}

TEST_CASE("fleet: capacity decides the pool before price does") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) {
    o.capacity[{"c6i.8xlarge", k_a, aws::Market::spot}] = 1;  // the cheaper type
    o.capacity[{"c5.9xlarge", k_b, aws::Market::spot}] = 5;
  });
  auto fleet = bench.fleet("t");
  fleet.overrides = {{"c6i.8xlarge", k_a, k_image}, {"c5.9xlarge", k_b, k_image}};
  const auto result = created(bench, fleet);
  REQUIRE(result.instances.size() == 1);
  CHECK(result.instances.front().instance_type == "c5.9xlarge");
  CHECK(result.instances.front().availability_zone == "us-east-1b");
}

TEST_CASE("fleet: between pools of equal room the cheaper one is taken") {
  Bench bench;
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.overrides = {{"c5.9xlarge", k_a, k_image}, {"c6i.8xlarge", k_b, k_image}};
  CHECK(created(bench, fleet).instances.front().instance_type == "c6i.8xlarge");
}

TEST_CASE("fleet: without capacity the answer is 200 with one error for each pool") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) {
    o.capacity[{"c5.9xlarge", k_a, aws::Market::spot}] = 0;
    o.capacity[{"c5.9xlarge", k_b, aws::Market::spot}] = 0;
  });
  auto fleet = bench.fleet("t");
  fleet.overrides = {{"c5.9xlarge", k_a, k_image}, {"c5.9xlarge", k_b, k_image}};
  const auto result = created(bench, fleet);
  CHECK(result.instances.empty());
  REQUIRE(result.errors.size() == 2);
  CHECK(result.errors[0].code == "InsufficientInstanceCapacity");
  CHECK(result.errors[0].subnet_id == k_a);
  CHECK(result.errors[1].subnet_id == k_b);
}

TEST_CASE("fleet: on-demand capacity is another one than spot's") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) {
    o.capacity[{"c5.9xlarge", k_a, aws::Market::spot}] = 0;
  });
  auto fleet = bench.fleet("t");
  fleet.market = aws::Market::on_demand;
  const auto result = created(bench, fleet);
  REQUIRE(result.instances.size() == 1);
  CHECK(result.instances.front().market == aws::Market::on_demand);
}

TEST_CASE("fleet: a partial fleet has machines and errors at once, and capacity comes back") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) {
    o.capacity[{"c5.9xlarge", k_a, aws::Market::spot}] = 2;
  });
  const auto partial = created(bench, bench.fleet("t", 3));
  CHECK(partial.instances.size() == 2);
  REQUIRE(partial.errors.size() == 1);
  CHECK(partial.errors.front().code == "UnfulfillableCapacity");
  REQUIRE(bench.ec2.terminate_instances({partial.instances.front().id}, bench.deadline));
  CHECK(created(bench, bench.fleet("t2", 1)).instances.size() == 1);
}

TEST_CASE("fleet: a pool that cannot work is an error of that pool, not of the fleet") {
  Bench bench;
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.overrides = {{"c5.9xlarge", "subnet-0dead000000000000", k_image},
                     {"c6g.8xlarge", k_a, k_image},
                     {"c5.9xlarge", k_a, "ami-0dead000000000000"},
                     {"c5.9xlarge", k_a, k_image}};
  const auto result = created(bench, fleet);
  CHECK(result.instances.size() == 1);
  std::set<std::string> codes;
  for (const auto& error : result.errors) codes.insert(error.code);
  CHECK(codes == std::set<std::string>{"InvalidSubnetID.NotFound", "InvalidParameterValue",
                                       "InvalidAMIID.NotFound"});
}

TEST_CASE("fleet: the account's quota is an error in the answer") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) { o.spot_quota = 1; });
  const auto result = created(bench, bench.fleet("t", 2));
  CHECK(result.instances.size() == 1);
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors.front().code == "MaxSpotInstanceCountExceeded");
}

TEST_CASE("fleet: a launch template or version that does not exist refuses the call") {
  Bench bench;
  CHECK_FALSE(bench.ec2.create_fleet(encode(bench.fleet("t")), bench.deadline));
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.launch_template_version = "2";
  const auto refused = bench.ec2.create_fleet(encode(fleet), bench.deadline);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("VersionNotFound") != std::string::npos);
}

TEST_CASE("fleet: a tag key that IMDS cannot serve fails the launch") {
  Bench bench;
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.tags["has space"] = "x";
  const auto result = created(bench, fleet);
  CHECK(result.instances.empty());
  CHECK(result.errors.front().code == "InvalidParameterValue");
}

TEST_CASE("fleet: only type instant, one-time and known strategies are taken") {
  Bench bench;
  bench.make_template();
  const std::string good = encode(bench.fleet("t"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string body = good;
    body.replace(body.find(from), from.size(), to);
    return bench.ec2.create_fleet(body, bench.deadline).has_value();
  };
  CHECK_FALSE(with("Type=instant", "Type=maintain"));
  CHECK_FALSE(with("price-capacity-optimized", "cheapest"));
  CHECK_FALSE(with("TotalTargetCapacity=1", "TotalTargetCapacity=0"));
  CHECK_FALSE(with("SpotTargetCapacity=1", "SpotTargetCapacity=2"));
  CHECK_FALSE(with("ClientToken=", "ClientTokens="));
  CHECK(with("", ""));
}

TEST_CASE("fleet: a dry run says what would happen, for a good role and for a bad one") {
  Bench bench;
  bench.make_template();
  CHECK(bench.ec2.may_create_fleet(encode(bench.fleet("t")), bench.deadline));
  CHECK(bench.ec2.may_terminate(bench.deadline));
  CHECK(bench.aws.instances().empty());
  bench.aws.configure([](FakeAwsOptions& o) {
    o.denied_actions = {"ec2:CreateFleet", "ec2:TerminateInstances"};
  });
  CHECK(bench.ec2.may_create_fleet(encode(bench.fleet("t")), bench.deadline).error().code ==
        Code::aws_denied);
  CHECK(bench.ec2.may_terminate(bench.deadline).error().code == Code::aws_denied);
}

TEST_CASE("fleet: an image may be named by an SSM parameter") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) { o.parameters["/image"] = {k_image, false}; });
  auto fleet = bench.fleet("t");
  fleet.overrides.front().image_id = "resolve:ssm:/image";
  const auto result = created(bench, fleet);
  REQUIRE(result.instances.size() == 1);
  CHECK(bench.aws.find(result.instances.front().id)->spec.image_id == k_image);
}

TEST_CASE("fleet: the mutating bucket runs dry after 50 calls and fills again") {
  Bench bench;
  bench.make_template();
  const std::string body = encode(bench.fleet("t"));
  int taken = 0;
  Result<aws::FleetResult> last = bench.ec2.create_fleet(body, bench.deadline);
  for (; last; last = bench.ec2.create_fleet(body, bench.deadline)) ++taken;
  CHECK(taken == 49);  // one went to the launch template
  CHECK(last.error().code == Code::aws_throttled);
  bench.clock.pass(Seconds{1});
  CHECK(bench.ec2.create_fleet(body, bench.deadline));
  bench.aws.configure([](FakeAwsOptions& o) { o.throttling = false; });
  for (int i = 0; i < 100; ++i) CHECK(bench.ec2.create_fleet(body, bench.deadline));
}

}  // namespace
}  // namespace mayfly::lab
