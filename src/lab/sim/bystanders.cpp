#include "aws/sigv4.h"
#include "lab/sim/callers.h"

namespace mayfly::lab::sim {
namespace {

// One machine that a person in the same account started, with these tags.
void start_machine(SimWorld& world, const std::string& tags) {
  HttpRequest request{"POST", std::string(k_ec2_url) + "/", {}, {}, {}};
  request.body =
      "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1&InstanceType=c5.9xlarge"
      "&ImageId=ami-0f3c0000000000002" +
      tags;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  const AccessKey key = FakeAwsOptions{}.keys.front();
  const aws::Credentials credentials{key.id, Secret(key.secret), Secret(""), std::nullopt, "rig"};
  aws::sign(request, credentials, {world.config.aws.region, "ec2"}, world.clock.wall());
  const auto answer = world.network.send(request, world.clock.steady() + Seconds{10});
  MAYFLY_CHECK(answer && answer->ok());
}

std::string tag(int number, const std::string& key, const std::string& value) {
  const std::string prefix = "&TagSpecification.1.Tag." + std::to_string(number);
  return prefix + ".Key=" + key + prefix + ".Value=" + value;
}

// A runner of other people, registered as they would.
void register_runner(SimWorld& world, const std::string& name) {
  HttpRequest request{
      "POST",
      std::string(k_github_url) + "/orgs/rr-debugger/actions/runners/generate-jitconfig",
      {{"User-Agent", "somebody"},
       {"Content-Type", "application/json"},
       {"Authorization", std::string("Bearer ") + k_github_token}},
      R"({"name":")" + name + R"(","runner_group_id":1,"labels":["theirs"]})",
      {}};
  const auto answer = world.network.send(request, world.clock.steady() + Seconds{10});
  MAYFLY_CHECK(answer && answer->ok());
}

}  // namespace

void add_bystanders(SimWorld& world) {
  const std::string on_instance = "&TagSpecification.1.ResourceType=instance";
  start_machine(world, "");
  start_machine(world, on_instance + tag(1, "Name", "database"));
  start_machine(world, on_instance + tag(1, "mayfly%3Adeployment", "other") +
                           tag(2, "mayfly%3Alease", "l-00000000000000000000") +
                           tag(3, "mayfly%3Aexpires-at", "1700000000"));
  register_runner(world, "office-mac");
  register_runner(world, "mf-other-l-00000000000000000000-1-1");
  register_runner(world, "mf-" + world.config.deployment + "x-l-00000000000000000000-1-1");
}

}  // namespace mayfly::lab::sim
