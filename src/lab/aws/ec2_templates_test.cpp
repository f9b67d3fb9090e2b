#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

using testing::Bench;
using testing::count_of;
using testing::element;

aws::LaunchTemplate wanted(const std::string& description = "hash-2") {
  aws::LaunchTemplate launch_template;
  launch_template.name = "mayfly";
  launch_template.user_data_base64 = "IyEvYmluL3No";
  launch_template.security_group_ids = {"sg-0123456789abcdef0"};
  launch_template.volume_tags = {{"mayfly:deployment", "test"}};
  launch_template.version_description = description;
  return launch_template;
}

TEST_CASE("template: none of that name is no error for the client") {
  Bench bench;
  const auto none = bench.ec2.describe_launch_template_versions("mayfly", bench.deadline);
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
}

TEST_CASE("template: versions count from 1 and keep their descriptions") {
  Bench bench;
  CHECK(*bench.ec2.create_launch_template(wanted("one"), {{"k", "v"}}, {"a"}, bench.deadline) ==
        "1");
  CHECK(*bench.ec2.create_launch_template_version(wanted("two"), {"b"}, bench.deadline) == "2");
  const auto versions = bench.ec2.describe_launch_template_versions("mayfly", bench.deadline);
  REQUIRE(versions);
  REQUIRE((*versions)->size() == 2);
  CHECK((**versions)[0].description == "one");
  CHECK((**versions)[1].version == "2");
  CHECK((**versions)[1].description == "two");
}

TEST_CASE("template: many versions come in pages, all of them") {
  FakeAwsOptions options;
  options.page_size_max = 3;
  options.throttling = false;
  Bench bench(options);
  bench.make_template();
  for (int i = 2; i <= 12; ++i)
    REQUIRE(bench.ec2.create_launch_template_version(wanted(), {"v" + std::to_string(i)},
                                                     bench.deadline));
  const auto versions = bench.ec2.describe_launch_template_versions("mayfly", bench.deadline);
  CHECK((*versions)->size() == 12);
  CHECK((**versions).back().version == "12");
}

TEST_CASE("template: a repeated token makes one version, a name cannot be used twice") {
  Bench bench;
  bench.make_template();
  CHECK(*bench.ec2.create_launch_template_version(wanted(), {"t"}, bench.deadline) == "2");
  CHECK(*bench.ec2.create_launch_template_version(wanted(), {"t"}, bench.deadline) == "2");
  CHECK(bench.ec2.create_launch_template_version(wanted("other"), {"t"}, bench.deadline)
            .error()
            .code == Code::aws_token_reused);
  CHECK_FALSE(bench.ec2.create_launch_template(wanted(), {}, {"u"}, bench.deadline));
}

TEST_CASE("template: one version can be asked for by number, $Latest and $Default") {
  Bench bench;
  bench.make_template();
  REQUIRE(bench.ec2.create_launch_template_version(wanted("two"), {"t"}, bench.deadline));
  const auto ask = [&](const std::string& version) {
    return element(bench
                       .query("Action=DescribeLaunchTemplateVersions&LaunchTemplateName=mayfly"
                              "&LaunchTemplateVersion.1=" +
                              version)
                       .body,
                   "versionDescription");
  };
  CHECK(ask("%24Latest") == "two");
  CHECK(ask("%24Default") == "hash-1");
  CHECK(ask("2") == "two");
  CHECK(ask("3").empty());
}

TEST_CASE("template: its data is checked when it is made, not first at a launch") {
  Bench bench;
  const std::string call = "Action=CreateLaunchTemplate&LaunchTemplateName=abc&LaunchTemplateData.";
  CHECK(bench.query(call + "UserData=%21").status == 400);
  CHECK(bench.query(call + "InstanceInitiatedShutdownBehavior=explode").status == 400);
  CHECK(bench.query(call + "MetadataOptions.HttpPutResponseHopLimit=65").status == 400);
  CHECK(bench.query(call + "BlockDeviceMapping.1.Ebs.VolumeSize=8").status == 400);
  CHECK(element(bench.query(call + "IamInstanceProfile.Name=x").body, "Code") ==
        "UnknownParameter");
  CHECK(bench.query(call + "InstanceInitiatedShutdownBehavior=stop").status == 200);
}

TEST_CASE("template: names have 3 to 128 characters of EC2's alphabet") {
  Bench bench;
  const auto made = [&](const std::string& name) {
    return bench
        .query("Action=CreateLaunchTemplate&LaunchTemplateName=" + name +
               "&LaunchTemplateData.KeyName=operator")
        .status;
  };
  CHECK(made("ab") == 400);
  CHECK(made("a%20c") == 400);
  CHECK(made(std::string(129, 'a')) == 400);
  CHECK(made("a-b_(c).d%2Fe") == 200);
}

TEST_CASE("template: templates are listed with their newest version, by name or all") {
  Bench bench;
  bench.make_template();
  bench.make_template("other");
  REQUIRE(bench.ec2.create_launch_template_version(wanted(), {"t"}, bench.deadline));
  const auto one = bench.query("Action=DescribeLaunchTemplates&LaunchTemplateName.1=mayfly");
  CHECK(element(one.body, "latestVersionNumber") == "2");
  CHECK(count_of(bench.query("Action=DescribeLaunchTemplates").body, "<launchTemplateId>") == 2);
  CHECK(bench.query("Action=DescribeLaunchTemplates&LaunchTemplateName.1=nobody").status == 400);
}

}  // namespace
}  // namespace mayfly::lab
