#include "lab/aws/ec2_world.h"

#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using aws::InstanceState;
using testing::Bench;
using testing::element;

class Diary final : public MachineObserver {
 public:
  void on_running(const Machine& machine) override {
    lines.push_back("running " + machine.id.text);
    last = machine;
    if (on_start) on_start(machine.id);
  }
  void on_stopping(const InstanceId& id) override { lines.push_back("stopping " + id.text); }

  std::vector<std::string> lines;
  Machine last;
  std::function<void(const InstanceId&)> on_start;
};

TEST_CASE("machine: pending until the boot delay has passed, then running") {
  Bench bench;
  bench.make_template();
  const auto id =
      bench.ec2.create_fleet(encode(bench.fleet("t")), bench.deadline)->instances.front().id;
  CHECK(bench.aws.next_change() == bench.clock.steady() + Millis{2000});
  bench.clock.pass(Millis{1999});
  CHECK(bench.aws.find(id)->state == InstanceState::pending);
  bench.clock.pass(Millis{1});
  CHECK(bench.aws.find(id)->state == InstanceState::running);
  CHECK_FALSE(bench.aws.next_change());
}

TEST_CASE("observer: hears from advance() alone, each start and each stop once, in order") {
  Bench bench;
  Diary diary;
  bench.aws.observe(&diary);
  const InstanceId first = bench.launch("1");
  const auto second =
      bench.ec2.create_fleet(encode(bench.fleet("2")), bench.deadline)->instances.front().id;
  CHECK(bench.ec2.terminate_instances({first}, bench.deadline));
  bench.clock.pass(Seconds{10});
  CHECK(bench.aws.find(second)->state == InstanceState::running);
  CHECK(diary.lines.empty());
  bench.aws.advance();
  bench.aws.advance();
  CHECK(diary.lines == std::vector<std::string>{"running " + first.text, "stopping " + first.text,
                                                "running " + second.text});
}

TEST_CASE("observer: is told what the machine needs to play its part") {
  Bench bench;
  Diary diary;
  bench.aws.observe(&diary);
  const InstanceId id = bench.launch("t");
  bench.aws.advance();
  CHECK(diary.last.id == id);
  CHECK(diary.last.user_data == "#!/bin/sh\necho boot\n");
  CHECK(diary.last.tags.at("mayfly:lease") == "t");
  CHECK(diary.last.architecture == Architecture::x86_64);
  CHECK(diary.last.region == "us-east-1");
  CHECK(diary.last.running_since == bench.clock.wall() - Millis{1000});
}

TEST_CASE("observer: may call back, so a machine can power off as soon as it runs") {
  Bench bench;
  Diary diary;
  diary.on_start = [&](const InstanceId& id) { bench.aws.power_off(id); };
  bench.aws.observe(&diary);
  const InstanceId id = bench.launch();
  bench.aws.advance();
  bench.aws.advance();
  CHECK(diary.lines.back() == "stopping " + id.text);
  CHECK(bench.aws.find(id)->state == InstanceState::shutting_down);
  bench.clock.pass(Seconds{2});
  CHECK(bench.aws.find(id)->state == InstanceState::terminated);
  CHECK(bench.aws.find(id)->reason_code == "Client.InstanceInitiatedShutdown");
}

TEST_CASE("machine: without shutdown behaviour 'terminate', power-off only stops it") {
  Bench bench;
  const auto answer = bench.query(
      "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=c5.9xlarge"
      "&ImageId=ami-0f3c0000000000002");
  const InstanceId id{element(answer.body, "instanceId")};
  bench.clock.pass(Seconds{3});
  bench.aws.power_off(id);
  CHECK(bench.aws.find(id)->state == InstanceState::stopping);
  bench.clock.pass(Seconds{3});
  CHECK(bench.aws.find(id)->state == InstanceState::stopped);
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{3});
  CHECK(bench.aws.find(id)->state == InstanceState::terminated);
}

TEST_CASE("machine: terminated while pending it was never announced and costs nothing") {
  Bench bench;
  Diary diary;
  bench.aws.observe(&diary);
  bench.make_template();
  const auto id =
      bench.ec2.create_fleet(encode(bench.fleet("t")), bench.deadline)->instances.front().id;
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{60});
  bench.aws.advance();
  CHECK(bench.aws.find(id)->state == InstanceState::terminated);
  CHECK(diary.lines.empty());
  CHECK(bench.aws.spent() == Money{0});
}

TEST_CASE("machine: a doomed launch goes from pending to terminated with Server.InternalError") {
  FakeAwsOptions options;
  options.doomed_launches = 1;
  Bench bench(options);
  const InstanceId doomed = bench.launch("1");
  CHECK(bench.aws.find(doomed)->state == InstanceState::terminated);
  CHECK(bench.aws.find(doomed)->reason_code == "Server.InternalError");
  const auto next = bench.ec2.create_fleet(encode(bench.fleet("2")), bench.deadline);
  bench.clock.pass(Seconds{3});
  CHECK(bench.aws.find(next->instances.front().id)->state == InstanceState::running);
}

TEST_CASE("interruption: with notice the machine has two minutes, without none") {
  Bench bench;
  const InstanceId id = bench.launch("1");
  CHECK(bench.aws.interrupt(id, true));
  bench.clock.pass(Millis{119'999});
  CHECK(bench.aws.find(id)->state == InstanceState::running);
  bench.clock.pass(Millis{1});
  CHECK(bench.aws.find(id)->state == InstanceState::shutting_down);
  CHECK(bench.aws.find(id)->reason_code == "Server.SpotInstanceTermination");
  const auto other =
      bench.ec2.create_fleet(encode(bench.fleet("2")), bench.deadline)->instances.front().id;
  CHECK_FALSE(bench.aws.interrupt(other, false));  // still pending
  bench.clock.pass(Seconds{3});
  CHECK(bench.aws.interrupt(other, false));
  CHECK(bench.aws.find(other)->state == InstanceState::shutting_down);
}

TEST_CASE("interruption: on-demand machines are not taken back") {
  Bench bench;
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.market = aws::Market::on_demand;
  const auto id = bench.ec2.create_fleet(encode(fleet), bench.deadline)->instances.front().id;
  bench.clock.pass(Seconds{3});
  CHECK_FALSE(bench.aws.interrupt(id, false));
}

TEST_CASE("money: per second from running to shutting-down, one minute at least") {
  Bench bench;
  const InstanceId id = bench.launch();  // runs for one second by now, at $0.612 an hour
  CHECK(bench.aws.spent() == Money{10'200});
  bench.clock.pass(Seconds{599});
  CHECK(bench.aws.spent() == Money{102'000});
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{1000});
  CHECK(bench.aws.spent() == Money{102'000});
}

TEST_CASE("money: on-demand costs its own price, and machines long gone still count") {
  Bench bench;
  bench.make_template();
  auto fleet = bench.fleet("t");
  fleet.market = aws::Market::on_demand;
  const auto id = bench.ec2.create_fleet(encode(fleet), bench.deadline)->instances.front().id;
  bench.clock.pass(Seconds{2});
  bench.clock.pass(Seconds{3600});
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{7200});
  CHECK(bench.aws.instances().empty());
  CHECK(bench.aws.spent() == Money{1'530'000});
}

TEST_CASE("a stepping wall clock moves no machine") {
  Bench bench;
  bench.make_template();
  const auto id =
      bench.ec2.create_fleet(encode(bench.fleet("t")), bench.deadline)->instances.front().id;
  bench.clock.step_wall(Seconds{3600});
  CHECK(bench.aws.find(id)->state == InstanceState::pending);
}

TEST_CASE("two emulators with the same seed and calls are the same to the byte") {
  Bench one;
  Bench two;
  const InstanceId a = one.launch();
  const InstanceId b = two.launch();
  CHECK(a == b);
  const HttpRequest state{"GET", "/_emulator/aws/state", {}, {}, {}};
  CHECK(one.aws.handle(state).body == two.aws.handle(state).body);
}

}  // namespace
}  // namespace mayfly::lab
