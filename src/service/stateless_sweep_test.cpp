#include "service/stateless_sweep.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::answer_xml;
using aws::testing::error_xml;

std::string expires(Service& service, Millis after_now) {
  return tag_xml("mayfly:expires-at",
                 std::to_string(epoch_seconds(service.clock.wall() + after_now)));
}

Result<StatelessReport> sweep(Service& service) {
  return stateless_sweep("ci", service.ec2, service.clock);
}

TEST_CASE(
    "stateless sweep: only the deployment's own instances are listed, and none that has ended") {
  Service service;
  service.ec2_wire.answer(200, instances_xml(""));
  CHECK(sweep(service).value().instances == 0);
  CHECK(asked_for(service.ec2_wire, 0, "Filter.1.Name=tag%3Amayfly%3Adeployment"));
  CHECK(asked_for(service.ec2_wire, 0, "Filter.1.Value.1=ci"));
  for (const char* state : {"pending", "running", "stopping", "stopped"})
    CHECK_MESSAGE(asked_for(service.ec2_wire, 0, state), std::string(state));
  CHECK_FALSE(asked_for(service.ec2_wire, 0, "terminated"));
}

TEST_CASE("stateless sweep: what has time left is kept, and nothing is terminated") {
  Service service;
  service.ec2_wire.answer(200, instances_xml(instance_xml('0', expires(service, Seconds{1})) +
                                             instance_xml('1', expires(service, k_lifetime_max))));
  const StatelessReport report = sweep(service).value();
  CHECK(report.instances == 2);
  CHECK(report.ended.empty());
  CHECK(service.calls() == 1);
}

TEST_CASE("stateless sweep: what is past its deadline, or has no believable one, is terminated") {
  Service service;
  const std::string nonsense = tag_xml("mayfly:expires-at", "soon");
  service.ec2_wire.answer(
      200, instances_xml(instance_xml('0', expires(service, Seconds{0})) +
                         instance_xml('1', expires(service, Seconds{60})) + instance_xml('2', "") +
                         instance_xml('3', nonsense) +
                         instance_xml('4', expires(service, k_lifetime_max + Seconds{1}))));
  service.ec2_wire.answer(200, answer_xml("TerminateInstances", ""));
  const StatelessReport report = sweep(service).value();
  CHECK(report.instances == 5);
  REQUIRE(report.ended.size() == 4);
  CHECK(report.ended[0].why == Enforcement::past_deadline);
  for (const std::size_t i : {1U, 2U, 3U})
    CHECK(report.ended[i].why == Enforcement::unreadable_deadline);
  CHECK(asked_for(service.ec2_wire, 1, "Action=TerminateInstances"));
  for (const char* id : {"abcdef0", "abcdef2", "abcdef3", "abcdef4"})
    CHECK_MESSAGE(asked_for(service.ec2_wire, 1, id), std::string(id));
  CHECK_FALSE(asked_for(service.ec2_wire, 1, "abcdef1"));
}

TEST_CASE("stateless sweep: an instance that EC2 will not terminate is named, the others end") {
  Service service;
  service.ec2_wire.answer(200, instances_xml(instance_xml('0', "") + instance_xml('1', "")));
  service.ec2_wire.answer(400, error_xml("OperationNotPermitted"));
  service.ec2_wire.answer(400, error_xml("OperationNotPermitted", "protected"));
  service.ec2_wire.answer(200, answer_xml("TerminateInstances", ""));
  const StatelessReport report = sweep(service).value();
  REQUIRE(report.ended.size() == 2);
  CHECK(report.ended[0].problem.find("protected") != std::string::npos);
  CHECK(report.ended[1].problem.empty());
}

TEST_CASE("stateless sweep: a list that failed, or came in part, terminates nothing") {
  Service service;
  service.ec2_wire.answer(503, error_xml("RequestLimitExceeded"));
  CHECK(sweep(service).error().code == Code::aws_throttled);
  service.ec2_wire.answer(
      200, answer_xml("DescribeInstances", "<nextToken>n</nextToken><reservationSet>" +
                                               instance_xml('0', "") + "</reservationSet>"));
  service.ec2_wire.answer(500, "");
  CHECK_FALSE(sweep(service));
  CHECK(service.calls() == 3);
}

TEST_CASE("stateless sweep: a termination that failed as a whole is an error, not a report") {
  Service service;
  service.ec2_wire.answer(200, instances_xml(instance_xml('0', "")));
  service.ec2_wire.fail_with(Code::transport_lost);
  CHECK(sweep(service).error().code == Code::aws_lost);
}

}  // namespace
}  // namespace mayfly
