#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using aws::InstanceState;
using testing::Bench;
using testing::count_of;
using testing::element;

std::vector<InstanceId> launch_many(Bench& bench, int count) {
  bench.make_template();
  std::vector<InstanceId> ids;
  const auto result = bench.ec2.create_fleet(encode(bench.fleet("many", count)), bench.deadline);
  for (const auto& instance : result->instances) ids.push_back(instance.id);
  bench.clock.pass(Seconds{3});
  return ids;
}

TEST_CASE("describe: the client sees type, zone, market, tags, launch time and IMDS of a machine") {
  Bench bench;
  const WallTime before = bench.clock.wall();
  const InstanceId id = bench.launch("x");
  const auto found = bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  const aws::Instance& machine = found->front();
  CHECK(machine.state == InstanceState::running);
  CHECK(machine.instance_type == "c5.9xlarge");
  CHECK(machine.availability_zone == "us-east-1a");
  CHECK(machine.market == aws::Market::spot);
  CHECK(machine.launched_at == before);
  CHECK(machine.tags.at("mayfly:deployment") == "test");
  CHECK(machine.metadata_enabled);
  CHECK(machine.state_reason.empty());
}

TEST_CASE("describe: tag filters take wildcards from a raw call, and none from the client") {
  Bench bench;
  bench.launch("a*b");
  REQUIRE(bench.ec2.create_fleet(encode(bench.fleet("aXb")), bench.deadline));
  const auto exact =
      bench.ec2.describe_instances({{{"mayfly:lease", "a*b"}}, {}, {}}, bench.deadline);
  REQUIRE(exact);
  CHECK(exact->size() == 1);
  const auto wild =
      bench.query("Action=DescribeInstances&Filter.1.Name=tag:mayfly:lease&Filter.1.Value.1=a%2Ab");
  CHECK(count_of(wild.body, "<reservationId>") == 2);
}

TEST_CASE("describe: filters by state, token, id and tag key must all hold") {
  Bench bench;
  const auto ids = launch_many(bench, 3);
  REQUIRE(bench.ec2.terminate_instances({ids[0]}, bench.deadline));
  const auto running = bench.ec2.describe_instances(
      {{{"mayfly:deployment", "test"}}, {}, {InstanceState::running}}, bench.deadline);
  CHECK(running->size() == 2);
  const auto both = bench.query(
      "Action=DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=many"
      "&Filter.2.Name=tag-key&Filter.2.Value.1=mayfly:%2A&Filter.3.Name=instance-id"
      "&Filter.3.Value.1=" +
      ids[1].text);
  CHECK(count_of(both.body, "<reservationId>") == 1);
  const auto none =
      bench.query("Action=DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=other");
  CHECK(count_of(none.body, "<reservationId>") == 0);
}

TEST_CASE("describe: small and empty pages lose nothing") {
  FakeAwsOptions options;
  options.page_size_max = 2;
  options.empty_pages = true;
  Bench bench(options);
  launch_many(bench, 5);
  const auto all =
      bench.ec2.describe_instances({{{"mayfly:deployment", "test"}}, {}, {}}, bench.deadline);
  REQUIRE(all);
  CHECK(all->size() == 5);
}

TEST_CASE("describe: an unknown id is an error that names it, a malformed one another") {
  Bench bench;
  const InstanceId id = bench.launch();
  const auto unknown = bench.query("Action=DescribeInstances&InstanceId.1=" + id.text +
                                   "&InstanceId.2=i-0dead00000000000a&InstanceId.3="
                                   "i-0dead00000000000b");
  CHECK(unknown.status == 400);
  CHECK(element(unknown.body, "Code") == "InvalidInstanceID.NotFound");
  CHECK(element(unknown.body, "Message") ==
        "The instance IDs 'i-0dead00000000000a, i-0dead00000000000b' do not exist");
  const auto malformed = bench.query("Action=DescribeInstances&InstanceId.1=x");
  CHECK(element(malformed.body, "Code") == "InvalidInstanceID.Malformed");
}

TEST_CASE("describe: ids cannot be paged, and MaxResults is at least 5") {
  Bench bench;
  const InstanceId id = bench.launch();
  CHECK(bench.query("Action=DescribeInstances&MaxResults=5&InstanceId.1=" + id.text).status == 400);
  CHECK(bench.query("Action=DescribeInstances&MaxResults=4").status == 400);
  CHECK(bench.query("Action=DescribeInstances&MaxResults=5").status == 200);
}

TEST_CASE("describe: a new machine is not known at once where the account is slow to show it") {
  FakeAwsOptions options;
  options.visible_after = Seconds{10};
  Bench bench(options);
  const InstanceId id = bench.launch();
  CHECK(bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->empty());
  const auto early = bench.query("Action=TerminateInstances&InstanceId.1=" + id.text);
  CHECK(element(early.body, "Code") == "InvalidInstanceID.NotFound");
  bench.clock.pass(Seconds{10});
  CHECK(bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->size() == 1);
}

TEST_CASE("terminate: one unknown id in a batch and none is terminated") {
  Bench bench;
  const auto ids = launch_many(bench, 2);
  const auto answer = bench.query("Action=TerminateInstances&InstanceId.1=" + ids[0].text +
                                  "&InstanceId.2=i-0dead00000000000a&InstanceId.3=" + ids[1].text);
  CHECK(answer.status == 400);
  for (const InstanceId& id : ids) CHECK(bench.aws.find(id)->state == InstanceState::running);
}

TEST_CASE("terminate: the client gets rid of the rest of a batch with a bad id") {
  Bench bench;
  auto ids = launch_many(bench, 2);
  ids.insert(ids.begin() + 1, InstanceId{"i-0dead00000000000a"});
  const auto refusals = bench.ec2.terminate_instances(ids, bench.deadline);
  REQUIRE(refusals);
  CHECK(refusals->empty());
  CHECK(bench.aws.find(ids[0])->state == InstanceState::shutting_down);
  CHECK(bench.aws.find(ids[2])->state == InstanceState::shutting_down);
}

TEST_CASE("terminate: it may be repeated, and tells the states before and after") {
  Bench bench;
  const InstanceId id = bench.launch();
  const std::string call = "Action=TerminateInstances&InstanceId.1=" + id.text;
  const auto first = bench.query(call);
  CHECK(element(element(first.body, "currentState"), "name") == "shutting-down");
  CHECK(element(element(first.body, "previousState"), "code") == "16");
  bench.clock.pass(Seconds{5});
  const auto second = bench.query(call);
  CHECK(second.status == 200);
  CHECK(element(element(second.body, "currentState"), "code") == "48");
  CHECK(bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->front().state_reason ==
        "Client.UserInitiatedShutdown");
}

TEST_CASE("terminate: more than a thousand ids are refused") {
  Bench bench;
  std::string call = "Action=TerminateInstances";
  for (int i = 1; i <= 1001; ++i)
    call += "&InstanceId." + std::to_string(i) + "=i-0dead00000000000a";
  CHECK(element(bench.query(call).body, "Code") == "InvalidParameterValue");
}

TEST_CASE("terminated machines stay visible for an hour and are unknown afterwards") {
  Bench bench;
  const InstanceId id = bench.launch();
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{2} + Seconds{3590});
  CHECK(bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->size() == 1);
  bench.clock.pass(Seconds{20});
  CHECK(bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->empty());
}

TEST_CASE("metadata: the client switches IMDS off from outside, and sees that it is") {
  Bench bench;
  const InstanceId id = bench.launch();
  REQUIRE(bench.ec2.disable_metadata(id, bench.deadline));
  CHECK_FALSE(bench.aws.find(id)->spec.metadata.endpoint);
  CHECK(bench.aws.find(id)->spec.metadata.tags);
  CHECK_FALSE(
      bench.ec2.describe_instances({{}, {id}, {}}, bench.deadline)->front().metadata_enabled);
}

TEST_CASE("metadata: an unknown or a terminated machine is an error") {
  Bench bench;
  const InstanceId id = bench.launch();
  CHECK(bench.ec2.disable_metadata({"i-0dead00000000000a"}, bench.deadline).error().code ==
        Code::aws_not_found);
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  CHECK_FALSE(bench.ec2.disable_metadata(id, bench.deadline));
}

TEST_CASE("tags: CreateTags adds and replaces, for all machines or for none") {
  Bench bench;
  const InstanceId id = bench.launch("t");
  const std::string tag = "&Tag.1.Key=mayfly:lease&Tag.1.Value=new&Tag.2.Key=k&Tag.2.Value=v";
  const std::string call = "Action=CreateTags&ResourceId.1=" + id.text + tag;
  CHECK(bench.query(call + "&ResourceId.2=i-0dead00000000000a").status == 400);
  CHECK(bench.aws.find(id)->spec.tags.at("mayfly:lease") == "t");
  CHECK(bench.query(call).status == 200);
  CHECK(bench.aws.find(id)->spec.tags.at("mayfly:lease") == "new");
  CHECK(bench.aws.find(id)->spec.tags.at("k") == "v");
}

TEST_CASE("tags: reserved, repeated, long and too many tags are refused") {
  Bench bench;
  const InstanceId id = bench.launch();
  const std::string call = "Action=CreateTags&ResourceId.1=" + id.text;
  CHECK(bench.query(call + "&Tag.1.Key=aws:x&Tag.1.Value=1").status == 400);
  CHECK(bench.query(call + "&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=a&Tag.2.Value=2").status == 400);
  CHECK(bench.query(call + "&Tag.1.Key=a&Tag.1.Value=" + std::string(257, 'x')).status == 400);
  CHECK(bench.query(call + "&Tag.1.Key=a%2Fb&Tag.1.Value=1").status == 400);
  std::string many = call;
  for (int i = 1; i <= 49; ++i) many += "&Tag." + std::to_string(i) + ".Key=k" + std::to_string(i);
  CHECK(element(bench.query(many).body, "Code") == "TagLimitExceeded");
}

}  // namespace
}  // namespace mayfly::lab
