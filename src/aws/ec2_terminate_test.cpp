#include <doctest/doctest.h>

#include <set>

#include "aws/ec2.h"
#include "aws/testing.h"

namespace mayfly {
namespace {

using aws::testing::answer_xml;
using aws::testing::error_xml;

struct Ec2Bench : aws::testing::Bench {
  Ec2Bench() : Bench("ec2"), ec2(sender) {}

  void done() { transport.answer(200, answer_xml("TerminateInstances", "<instancesSet/>")); }
  void refused(const std::string& code, const std::string& message = "no") {
    transport.answer(400, error_xml(code, message));
  }
  Result<std::vector<aws::TerminationRefusal>> terminate(const std::vector<InstanceId>& ids) {
    return ec2.terminate_instances(ids, deadline);
  }
  // The ids of the nth request, joined by a space.
  std::string ids(std::size_t n) {
    std::string out;
    const std::string& body = transport.body(n);
    for (std::size_t at = body.find("=i-"); at != std::string::npos; at = body.find("=i-", at + 1))
      out += (out.empty() ? "" : " ") + body.substr(at + 1, body.find('&', at) - at - 1);
    return out;
  }

  aws::Ec2Client ec2;
};

std::vector<InstanceId> numbered(int count) {
  std::vector<InstanceId> ids;
  for (int i = 0; i < count; ++i) ids.push_back({"i-" + std::to_string(i)});
  return ids;
}

TEST_CASE("ec2: nothing to terminate asks nothing") {
  Ec2Bench bench;
  CHECK(bench.terminate({}).value().empty());
  CHECK(bench.transport.sent.empty());
}

TEST_CASE("ec2: terminations go in batches of at most 1000") {
  Ec2Bench bench;
  for (int i = 0; i < 3; ++i) bench.done();
  CHECK(bench.terminate(numbered(2001)).value().empty());
  CHECK(bench.transport.sent.size() == 3);
  std::set<std::size_t> sizes;
  for (std::size_t n = 0; n < 3; ++n) {
    const std::string ids = bench.ids(n);
    sizes.insert(static_cast<std::size_t>(std::count(ids.begin(), ids.end(), ' ')) + 1);
  }
  CHECK(sizes == std::set<std::size_t>{1, 1000});
}

TEST_CASE("ec2: a bad id in a batch does not save the others") {
  Ec2Bench bench;
  bench.refused("InvalidInstanceID.NotFound", "The instance IDs 'i-1, i-3' do not exist");
  bench.done();
  CHECK(bench.terminate(numbered(5)).value().empty());
  CHECK(bench.ids(1) == "i-0 i-2 i-4");
}

TEST_CASE("ec2: an id that EC2 does not know counts as terminated, even if it is the only one") {
  Ec2Bench bench;
  bench.refused("InvalidInstanceID.NotFound", "The instance ID 'i-0' does not exist");
  CHECK(bench.terminate(numbered(1)).value().empty());
  CHECK(bench.transport.sent.size() == 1);
  bench.refused("InvalidInstanceID.NotFound", "It does not exist");
  CHECK(bench.terminate(numbered(1)).value().empty());
}

TEST_CASE("ec2: a malformed id comes back with its reason and the rest is terminated") {
  Ec2Bench bench;
  bench.refused("InvalidInstanceID.Malformed", "Invalid id: \"i-1\"");
  bench.done();
  const auto refusals = bench.terminate(numbered(3)).value();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].id.text == "i-1");
  CHECK(refusals[0].error.code == Code::aws_config);
  CHECK(bench.ids(1) == "i-0 i-2");
}

TEST_CASE("ec2: a name that merely contains a good id does not drop it") {
  Ec2Bench bench;
  bench.refused("InvalidInstanceID.NotFound", "The instance ID 'i-10' does not exist");
  bench.done();
  bench.done();
  CHECK(bench.terminate({{"i-1"}, {"i-2"}}).value().empty());
  CHECK(bench.ids(1) == "i-1");
  CHECK(bench.ids(2) == "i-2");
}

TEST_CASE("ec2: when the message names no id, halves find the one that spoils the batch") {
  Ec2Bench bench;
  bench.refused("OperationNotPermitted", "may not be terminated; protection");
  bench.refused("OperationNotPermitted");  // 0 1
  bench.done();                            // 0
  bench.refused("OperationNotPermitted");  // 1
  bench.done();                            // 2 3
  const auto refusals = bench.terminate(numbered(4)).value();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].id.text == "i-1");
  CHECK(bench.ids(1) == "i-0 i-1");
  CHECK(bench.ids(4) == "i-2 i-3");
  CHECK(bench.transport.is_finished());
}

TEST_CASE("ec2: a denied termination comes back for each machine it concerns") {
  Ec2Bench bench;
  bench.refused("UnauthorizedOperation");
  bench.refused("UnauthorizedOperation");
  bench.done();
  const auto refusals = bench.terminate(numbered(2)).value();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].error.code == Code::aws_denied);
}

TEST_CASE("ec2: what concerns the whole call comes back as its error, to be repeated") {
  struct Case {
    const char* code;
    Code expected;
  };
  for (const Case& c :
       {Case{"RequestLimitExceeded", Code::aws_throttled}, Case{"InternalError", Code::aws_lost}}) {
    Ec2Bench bench;
    bench.refused(c.code);
    CHECK(bench.terminate(numbered(3)).error().code == c.expected);
    CHECK(bench.transport.sent.size() == 1);
  }
  Ec2Bench bench;
  bench.transport.fail_with(Code::transport_lost);
  CHECK(bench.terminate(numbered(3)).error().code == Code::aws_lost);
  bench.transport.answer(200, "<html>");
  CHECK(bench.terminate(numbered(3)).error().code == Code::aws_lost);
}

TEST_CASE("ec2: a batch that fails does not keep the next from being terminated") {
  Ec2Bench bench;
  bench.transport.fail_with(Code::transport_lost);
  bench.done();
  CHECK(bench.terminate(numbered(1001)).error().code == Code::aws_lost);
  CHECK(bench.transport.sent.size() == 2);
}

TEST_CASE("ec2: a message that names ids without end ends all the same") {
  Ec2Bench bench;
  for (int i = 0; i < 20; ++i)
    bench.refused("InvalidInstanceID.NotFound",
                  "The instance ID 'i-" + std::to_string(i) + "' does not exist");
  CHECK(bench.terminate(numbered(20)).value().empty());
  CHECK(bench.transport.sent.size() == 20);
}

}  // namespace
}  // namespace mayfly
