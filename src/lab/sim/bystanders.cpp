#include "aws/query.h"
#include "aws/sigv4.h"
#include "lab/sim/callers.h"
#include "lab/sim/people.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

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

// As somebody with the account's key does.
void call_ec2(SimWorld& world, const aws::QueryForm& form) {
  HttpRequest request{"POST", std::string(k_ec2_url) + "/", {}, {}, {}};
  request.body = form.body();
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  const AccessKey key = FakeAwsOptions{}.keys.front();
  const aws::Credentials credentials{key.id, Secret(key.secret), Secret(""), std::nullopt, "rig"};
  aws::sign(request, credentials, {world.config.aws.region, "ec2"}, world.clock.wall());
  const auto answer = world.network.send(request, world.clock.steady() + Seconds{10});
  MAYFLY_CHECK(answer && answer->ok());
}

}  // namespace

void start_instance(SimWorld& world, const aws::Tags& tags) {
  aws::QueryForm form("RunInstances", "2016-11-15");
  form.add("MinCount", "1").add("MaxCount", "1").add("InstanceType", "c5.9xlarge");
  form.add("ImageId", "ami-0f3c0000000000002");
  if (!tags.empty()) form.add("TagSpecification.1.ResourceType", "instance");
  int number = 0;
  for (const auto& [key, value] : tags) {
    const std::string prefix = "TagSpecification.1.Tag." + std::to_string(++number);
    form.add(prefix + ".Key", key).add(prefix + ".Value", value);
  }
  call_ec2(world, form);
}

void end_instance(SimWorld& world, const InstanceId& id) {
  aws::QueryForm form("TerminateInstances", "2016-11-15");
  form.add("InstanceId.1", id.text);
  call_ec2(world, form);
}

void add_bystanders(SimWorld& world) {
  start_instance(world, {});
  start_instance(world, {{"Name", "database"}});
  start_instance(world, {{k_tag_deployment, "other"},
                         {k_tag_lease, "l-00000000000000000000"},
                         {k_tag_expires_at, "1700000000"}});
  register_runner(world, "office-mac");
  register_runner(world, "mf-other-l-00000000000000000000-1-1");
  RunSpec theirs;
  theirs.repository = {"attacker/rr"};
  theirs.jobs.push_back({.name = "test", .labels = {"arch_x86_64"}});
  RunSpec waiting = theirs;
  waiting.repository = {"rr-debugger/rr"};
  waiting.head_repository = "attacker/rr";
  waiting.awaits_approval = true;
  world.waiting_run = world.github->start_run(std::move(waiting));
  introduce_people(world);
  world.foreign_run = world.github->start_run(std::move(theirs));
  register_runner(world, "mf-" + world.config.deployment + "x-l-00000000000000000000-1-1");
}

}  // namespace mayfly::lab::sim
