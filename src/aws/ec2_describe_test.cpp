#include <doctest/doctest.h>

#include "aws/ec2.h"
#include "aws/testing.h"

namespace mayfly {
namespace {

using aws::testing::answer_xml;
using aws::testing::error_xml;

struct Ec2Bench : aws::testing::Bench {
  Ec2Bench() : Bench("ec2"), ec2(sender) {}

  void page(const std::string& inside, const std::string& next = "") {
    const std::string token = next.empty() ? "" : "<nextToken>" + next + "</nextToken>";
    transport.answer(200, answer_xml("DescribeInstances", inside + token));
  }
  Result<std::vector<aws::Instance>> describe(const aws::DescribeInstances& request = {}) {
    return ec2.describe_instances(request, deadline);
  }

  aws::Ec2Client ec2;
};

std::string instance_xml(const std::string& last_digit, const std::string& state = "running") {
  return "<item><instanceId>i-0123456789abcdef" + last_digit +
         "</instanceId><instanceState><code>16</code><name>" + state +
         "</name></instanceState><launchTime>2026-11-23T20:15:30.000Z</launchTime></item>";
}

std::string reservation_xml(const std::string& instances) {
  return "<reservationSet><item><reservationId>r-1</reservationId><instancesSet>" + instances +
         "</instancesSet></item></reservationSet>";
}

TEST_CASE("ec2: an instance is read with its state, reason, place, market, tags and IMDS") {
  Ec2Bench bench;
  bench.page(reservation_xml(
      "<item><instanceId>i-0123456789abcdef0</instanceId><instanceState><code>48</code><name>"
      "terminated</name></instanceState><stateReason><code>Server.SpotInstanceTermination</code>"
      "<message>m</message></stateReason><instanceType>c7i.4xlarge</instanceType><placement>"
      "<availabilityZone>us-east-2b</availabilityZone></placement><instanceLifecycle>spot"
      "</instanceLifecycle><launchTime>2026-11-23T20:15:30.000Z</launchTime><tagSet><item>"
      "<key>mayfly:lease</key><value>l-1</value></item><item><key>Label</key><value/></item>"
      "</tagSet><metadataOptions><httpEndpoint>disabled</httpEndpoint></metadataOptions></item>" +
      instance_xml("1")));
  const std::vector<aws::Instance> found = bench.describe().value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].id.text == "i-0123456789abcdef0");
  CHECK(found[0].state == aws::InstanceState::terminated);
  CHECK(found[0].state_reason == "Server.SpotInstanceTermination");
  CHECK(found[0].instance_type == "c7i.4xlarge");
  CHECK(found[0].availability_zone == "us-east-2b");
  CHECK(found[0].market == aws::Market::spot);
  CHECK(found[0].launched_at == parse_iso8601("2026-11-23T20:15:30Z"));
  CHECK(found[0].tags == aws::Tags{{"mayfly:lease", "l-1"}, {"Label", ""}});
  CHECK_FALSE(found[0].metadata_enabled);
  CHECK(found[1].market == aws::Market::on_demand);
  CHECK(found[1].metadata_enabled);
}

TEST_CASE("ec2: every state has its name, both ways") {
  for (const char* name :
       {"pending", "running", "shutting-down", "terminated", "stopping", "stopped"}) {
    Ec2Bench bench;
    bench.page(reservation_xml(instance_xml("0", name)));
    CHECK(to_string(bench.describe().value().at(0).state) == name);
  }
}

TEST_CASE("ec2: pages are read to the end, through one that is empty") {
  Ec2Bench bench;
  bench.page(reservation_xml(instance_xml("0")), "t+1");
  bench.page("<reservationSet/>", "t2");
  bench.page(reservation_xml(instance_xml("1")));
  CHECK(bench.describe().value().size() == 2);
  CHECK(bench.transport.body(0).find("NextToken") == std::string::npos);
  CHECK(bench.transport.body(1) == bench.transport.body(0) + "&NextToken=t%2B1");
  CHECK(bench.transport.body(2) == bench.transport.body(0) + "&NextToken=t2");
}

TEST_CASE("ec2: a list is whole or an error, never a part") {
  Ec2Bench bench;
  bench.page(reservation_xml(instance_xml("0")), "t1");
  bench.transport.answer(503, error_xml("RequestLimitExceeded"));
  CHECK(bench.describe().error().code == Code::aws_throttled);
  bench.page(reservation_xml(instance_xml("0")), "t1");
  bench.transport.fail_with(Code::transport_lost);
  CHECK(bench.describe().error().code == Code::aws_unavailable);
}

TEST_CASE("ec2: pages that would never end are an error") {
  Ec2Bench round;
  round.page("", "a");
  round.page("", "b");
  round.page("", "a");
  CHECK(round.describe().error().code == Code::aws_bad_answer);
  Ec2Bench endless;
  for (int i = 0; i < 1001; ++i) endless.page("", "t" + std::to_string(i));
  CHECK(endless.describe().error().message.find("1000 pages") != std::string::npos);
  CHECK(endless.transport.sent.size() == 1000);
}

TEST_CASE("ec2: an instance that makes no sense spoils the list rather than vanish from it") {
  for (const std::string& item :
       {instance_xml("0", "sleeping"), std::string("<item/>"), instance_xml("xyz"),
        std::string("<item><instanceId>i-0123456789abcdef0</instanceId><instanceState><name>running"
                    "</name></instanceState></item>")}) {
    Ec2Bench bench;
    bench.page(reservation_xml(instance_xml("1") + item));
    CHECK(bench.describe().error().code == Code::aws_bad_answer);
  }
}

TEST_CASE("ec2: more ids than a filter takes are asked for in several requests") {
  Ec2Bench bench;
  bench.page(reservation_xml(instance_xml("0")));
  bench.page(reservation_xml(instance_xml("1")));
  aws::DescribeInstances request;
  for (int i = 0; i < 201; ++i) request.ids.push_back({"i-" + std::to_string(i)});
  CHECK(bench.describe(request).value().size() == 2);
  CHECK(bench.transport.body(0).ends_with("Filter.1.Value.200=i-199"));
  CHECK(bench.transport.body(1).ends_with("Filter.1.Value.1=i-200"));
}

TEST_CASE("ec2: images are read over all pages in EC2's order") {
  Ec2Bench bench;
  const std::string image =
      "<imagesSet><item><imageId>ami-1</imageId><name>n</"
      "name><creationDate>2026-01-01T00:00:00.000Z"
      "</creationDate><architecture>arm64</architecture></item></imagesSet>";
  bench.transport.answer(200, answer_xml("DescribeImages", image + "<nextToken>t</nextToken>"));
  bench.transport.answer(200, answer_xml("DescribeImages", image));
  const auto found = bench.ec2.describe_images({"o", "n", "arm64"}, bench.deadline).value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].id == "ami-1");
  CHECK(found[0].name == "n");
  CHECK(found[0].creation_date == "2026-01-01T00:00:00.000Z");
  CHECK(found[0].architecture == "arm64");
  bench.transport.answer(200, answer_xml("DescribeImages", "<imagesSet><item/></imagesSet>"));
  CHECK(bench.ec2.describe_images({"o", "n", "arm64"}, bench.deadline).error().code ==
        Code::aws_bad_answer);
}

TEST_CASE("ec2: no template of that name is an answer; anything else is not taken for it") {
  Ec2Bench bench;
  bench.transport.answer(400, error_xml("InvalidLaunchTemplateName.NotFoundException"));
  CHECK_FALSE(bench.ec2.describe_launch_template_versions("n", bench.deadline).value());
  bench.transport.answer(400, error_xml("InvalidLaunchTemplateName.MalformedException"));
  CHECK(bench.ec2.describe_launch_template_versions("n", bench.deadline).error().code ==
        Code::aws_config);
  bench.transport.answer(
      200, answer_xml("DescribeLaunchTemplateVersions",
                      "<launchTemplateVersionSet><item><versionNumber>2</versionNumber>"
                      "<versionDescription>d</versionDescription></item><item><versionNumber>1"
                      "</versionNumber></item></launchTemplateVersionSet>"));
  const auto found =
      bench.ec2.describe_launch_template_versions("n", bench.deadline).value().value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].version == "2");
  CHECK(found[0].description == "d");
  CHECK(found[1].description.empty());
}

TEST_CASE("ec2: a template made without naming its version may exist all the same") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("CreateLaunchTemplate", "<launchTemplate/>"));
  CHECK(bench.ec2.create_launch_template({}, {}, {"t"}, bench.deadline).error().code ==
        Code::aws_lost);
}

TEST_CASE("ec2: switching the metadata service off says so when it fails") {
  Ec2Bench bench;
  bench.transport.answer(400, error_xml("InvalidInstanceID.NotFound"));
  CHECK(bench.ec2.disable_metadata({"i-1"}, bench.deadline).error().code == Code::aws_not_found);
}

}  // namespace
}  // namespace mayfly
