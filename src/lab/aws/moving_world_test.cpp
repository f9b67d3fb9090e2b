// What the account does beside what it is asked: prices and capacity that move, reads that lag,
// somebody else's calls, and what is forgotten.

#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using aws::InstanceState;
using testing::Bench;
using testing::count_of;

constexpr const char* k_zone_a = "subnet-0a000000000000001";
const Pool k_pool{"c5.9xlarge", k_zone_a, aws::Market::spot};

std::string describe(Bench& bench, const std::string& more = "") {
  return bench.query("Action=DescribeInstances&MaxResults=100" + more).body;
}

TEST_CASE("moving world: a hidden instance is unknown to every call until its time is up") {
  Bench bench;
  const InstanceId id = bench.launch();
  bench.aws.hide(id, Seconds{20});
  bench.aws.hide(id, Seconds{5});
  CHECK(describe(bench).find(id.text) == std::string::npos);
  for (const char* action : {"TerminateInstances&InstanceId.1=",
                             "ModifyInstanceMetadataOptions&"
                             "HttpEndpoint=disabled&InstanceId="})
    CHECK(bench.query("Action=" + std::string(action) + id.text)
              .body.find("InvalidInstanceID.NotFound") != std::string::npos);
  CHECK(bench.aws.find(id)->state == InstanceState::running);
  bench.clock.pass(Seconds{19});
  CHECK(describe(bench).find(id.text) == std::string::npos);
  bench.clock.pass(Seconds{1});
  CHECK(describe(bench).find(id.text) != std::string::npos);
}

TEST_CASE("moving world: a listing that lags tells of the state of so long ago, never of more") {
  Bench bench;
  bench.aws.configure([](FakeAwsOptions& o) { o.state_lag = Seconds{10}; });
  const InstanceId id = bench.launch();  // 3 seconds ago, running for one
  CHECK(count_of(describe(bench), "<name>pending</name>") == 1);
  bench.clock.pass(Seconds{10});
  CHECK(count_of(describe(bench), "<name>running</name>") == 1);
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(Seconds{9});
  CHECK(bench.aws.find(id)->state == InstanceState::terminated);
  const std::string lagging = describe(bench,
                                       "&Filter.1.Name=instance-state-name"
                                       "&Filter.1.Value.1=running");
  CHECK(count_of(lagging, "<name>running</name>") == 1);
  CHECK(count_of(lagging, "UserInitiated") == 0);
  bench.clock.pass(Seconds{3});
  CHECK(count_of(describe(bench), "<name>terminated</name>") == 1);
}

TEST_CASE("moving world: a pool has its own price, and spot is never above on-demand") {
  Bench bench;
  CHECK(bench.aws.price_per_hour(k_pool) == Money{612'000});
  bench.aws.configure([](FakeAwsOptions& o) { o.prices[k_pool] = Money{100'000}; });
  CHECK(bench.aws.price_per_hour(k_pool) == Money{100'000});
  bench.aws.configure([](FakeAwsOptions& o) { o.prices[k_pool] = Money{9'000'000}; });
  CHECK(bench.aws.price_per_hour(k_pool) == Money{1'530'000});
  CHECK(bench.aws.price_per_hour({"c5.9xlarge", "subnet-0b000000000000002", aws::Market::spot}) ==
        Money{612'000});
}

TEST_CASE("moving world: each hour of running costs what it cost when it began") {
  Bench bench;
  const InstanceId id = bench.launch();  // has run for one second
  bench.clock.pass(Seconds{1799});
  bench.aws.configure([](FakeAwsOptions& o) { o.prices[k_pool] = Money{1'000'000}; });
  bench.clock.pass(Seconds{1800});
  CHECK(bench.aws.spent() == Money{612'000});
  bench.clock.pass(Seconds{1800});
  CHECK(bench.aws.spent() == Money{612'000 + 500'000});
  bench.aws.configure([](FakeAwsOptions& o) { o.prices[k_pool] = Money{360'000}; });
  bench.clock.pass(Seconds{1810});
  CHECK(bench.aws.spent() == Money{612'000 + 1'000'000 + 1'000});
  const Money before = bench.aws.spent();
  CHECK(bench.aws.find(id)->cost_at(bench.clock.steady()) == before);
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(std::chrono::hours{2});
  CHECK(!bench.aws.find(id));
  CHECK(bench.aws.spent() == before);
}

TEST_CASE("moving world: a price that changes hours later does not touch the hours before") {
  Bench bench;
  (void)bench.launch();
  bench.clock.pass(Seconds{4 * 3600 + 1799});
  bench.aws.configure([](FakeAwsOptions& o) { o.prices[k_pool] = Money{0}; });
  bench.clock.pass(std::chrono::hours{3});
  CHECK(bench.aws.spent() == Money{5 * 612'000});
}

TEST_CASE("moving world: a launch that is out of capacity is a 500 and may be asked for again") {
  Bench bench;
  bench.make_template();
  bench.aws.configure([](FakeAwsOptions& o) { o.capacity_errors = 1; });
  const auto order = encode(bench.fleet("t"));
  const auto refused = bench.ec2.create_fleet(order, bench.deadline);
  CHECK_FALSE(refused);
  CHECK(bench.aws.instances().empty());
  CHECK(bench.ec2.create_fleet(order, bench.deadline)->instances.size() == 1);
}

TEST_CASE("moving world: somebody else's calls empty our buckets, as far as they hold") {
  Bench bench;
  CHECK(bench.aws.drain("DescribeInstances", 1'000'000));
  CHECK(describe(bench).find("RequestLimitExceeded") != std::string::npos);
  bench.clock.pass(Seconds{1});
  CHECK(describe(bench).find("RequestLimitExceeded") == std::string::npos);
  CHECK_FALSE(bench.aws.drain("InventInstances", 1));
}

TEST_CASE("moving world: the count of changes grows with each change and stands still without") {
  Bench bench;
  std::uint64_t seen = bench.aws.change_count();
  const auto has_changed = [&] {
    const std::uint64_t now = bench.aws.change_count();
    return std::exchange(seen, now) != now;
  };
  bench.make_template();
  CHECK_FALSE(has_changed());
  REQUIRE(bench.ec2.create_fleet(encode(bench.fleet("t")), bench.deadline));
  CHECK(has_changed());
  const InstanceId id = bench.aws.instances().front().id;
  CHECK_FALSE(has_changed());
  bench.clock.pass(Seconds{3});
  CHECK(has_changed());
  bench.query("Action=CreateTags&ResourceId.1=" + id.text + "&Tag.1.Key=a&Tag.1.Value=b");
  CHECK(has_changed());
  bench.query("Action=ModifyInstanceMetadataOptions&HttpEndpoint=disabled&InstanceId=" + id.text);
  CHECK(has_changed());
  CHECK(bench.aws.interrupt(id, true));
  CHECK(has_changed());
  (void)describe(bench);
  CHECK_FALSE(has_changed());
  bench.clock.pass(Seconds{120});
  CHECK(has_changed());
  bench.clock.pass(Seconds{10});
  CHECK(has_changed());
  bench.clock.pass(std::chrono::hours{2});
  CHECK(has_changed());
  CHECK(bench.aws.instances().empty());
}

TEST_CASE("moving world: for_each_instance shows what instances() copies") {
  Bench bench;
  (void)bench.launch("a");
  (void)bench.ec2.create_fleet(encode(bench.fleet("b", 2)), bench.deadline);
  std::vector<InstanceId> seen;
  bench.aws.for_each_instance([&](const FakeInstance& i) { seen.push_back(i.id); });
  const auto copies = bench.aws.instances();
  REQUIRE(seen.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(seen[i] == copies[i].id);
}

TEST_CASE("moving world: a client token is known while its instance is, and a day longer") {
  Bench bench;
  const InstanceId id = bench.launch("t");
  const auto order = encode(bench.fleet("t"));
  const auto again = [&] { return bench.ec2.create_fleet(order, bench.deadline)->instances[0].id; };
  for (int hours = 0; hours < 60; ++hours) {
    bench.clock.pass(std::chrono::hours{1});
    (void)bench.aws.instances();
  }
  CHECK(again() == id);
  REQUIRE(bench.ec2.terminate_instances({id}, bench.deadline));
  bench.clock.pass(std::chrono::hours{24});
  CHECK(again() == id);
  bench.clock.pass(std::chrono::hours{26});
  (void)bench.aws.instances();
  CHECK(again() != id);
}

}  // namespace
}  // namespace mayfly::lab
