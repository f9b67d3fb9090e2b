#include <doctest/doctest.h>

#include "aws/ec2.h"
#include "aws/testing.h"

// The bodies below carry the same names and values as botocore's serialisation of the same
// requests.
namespace mayfly {
namespace {

using aws::testing::answer_xml;

struct Ec2Bench : aws::testing::Bench {
  Ec2Bench() : Bench("ec2"), ec2(sender) {}
  aws::Ec2Client ec2;
};

aws::CreateFleet fleet(aws::Market market) {
  aws::CreateFleet request;
  request.launch_template_name = "mayfly-d1";
  request.launch_template_version = "3";
  request.overrides = {{"c7i.4xlarge", "subnet-a", "ami-1"}, {"m7i.4xlarge", "subnet-b", "ami-1"}};
  request.market = market;
  request.count = 2;
  request.tags = {{"mayfly:lease", "l-1"}, {"Label", "a b&c"}};
  request.client_token = {"tok-1"};
  return request;
}

aws::LaunchTemplate launch_template() {
  aws::LaunchTemplate made;
  made.name = "mayfly-d1";
  made.user_data_base64 = "IyEvYmluL3No";
  made.security_group_ids = {"sg-1", "sg-2"};
  made.key_name = "ops";
  made.volume_tags = {{"mayfly:deployment", "d1"}};
  made.version_description = "v1 hash";
  return made;
}

const std::string k_fleet_start =
    "Action=CreateFleet&Version=2016-11-15&Type=instant&ClientToken=tok-1"
    "&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=mayfly-d1"
    "&LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=3"
    "&LaunchTemplateConfigs.1.Overrides.1.InstanceType=c7i.4xlarge"
    "&LaunchTemplateConfigs.1.Overrides.1.SubnetId=subnet-a"
    "&LaunchTemplateConfigs.1.Overrides.1.ImageId=ami-1"
    "&LaunchTemplateConfigs.1.Overrides.2.InstanceType=m7i.4xlarge"
    "&LaunchTemplateConfigs.1.Overrides.2.SubnetId=subnet-b"
    "&LaunchTemplateConfigs.1.Overrides.2.ImageId=ami-1"
    "&TargetCapacitySpecification.TotalTargetCapacity=2";
const std::string k_fleet_end =
    "&TagSpecification.1.ResourceType=instance"
    "&TagSpecification.1.Tag.1.Key=Label&TagSpecification.1.Tag.1.Value=a%20b%26c"
    "&TagSpecification.1.Tag.2.Key=mayfly%3Alease&TagSpecification.1.Tag.2.Value=l-1";
const std::string k_template_data =
    "&LaunchTemplateName=mayfly-d1&VersionDescription=v1%20hash&ClientToken=tok-2"
    "&LaunchTemplateData.UserData=IyEvYmluL3No"
    "&LaunchTemplateData.InstanceInitiatedShutdownBehavior=terminate"
    "&LaunchTemplateData.KeyName=ops"
    "&LaunchTemplateData.NetworkInterface.1.DeviceIndex=0"
    "&LaunchTemplateData.NetworkInterface.1.AssociatePublicIpAddress=true"
    "&LaunchTemplateData.NetworkInterface.1.DeleteOnTermination=true"
    "&LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1=sg-1"
    "&LaunchTemplateData.NetworkInterface.1.SecurityGroupId.2=sg-2"
    "&LaunchTemplateData.BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1"
    "&LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize=32"
    "&LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeType=gp3"
    "&LaunchTemplateData.BlockDeviceMapping.1.Ebs.DeleteOnTermination=true"
    "&LaunchTemplateData.MetadataOptions.HttpTokens=required"
    "&LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit=1"
    "&LaunchTemplateData.MetadataOptions.HttpEndpoint=enabled"
    "&LaunchTemplateData.MetadataOptions.InstanceMetadataTags=enabled"
    "&LaunchTemplateData.TagSpecification.1.ResourceType=volume"
    "&LaunchTemplateData.TagSpecification.1.Tag.1.Key=mayfly%3Adeployment"
    "&LaunchTemplateData.TagSpecification.1.Tag.1.Value=d1";

TEST_CASE("ec2: a spot fleet is asked for by capacity and price, tagged at launch") {
  CHECK(encode(fleet(aws::Market::spot)) ==
        k_fleet_start +
            "&TargetCapacitySpecification.SpotTargetCapacity=2"
            "&TargetCapacitySpecification.DefaultTargetCapacityType=spot"
            "&SpotOptions.AllocationStrategy=price-capacity-optimized" +
            k_fleet_end);
}

TEST_CASE("ec2: an on-demand fleet differs in its market only") {
  CHECK(encode(fleet(aws::Market::on_demand)) ==
        k_fleet_start +
            "&TargetCapacitySpecification.OnDemandTargetCapacity=2"
            "&TargetCapacitySpecification.DefaultTargetCapacityType=on-demand"
            "&OnDemandOptions.AllocationStrategy=lowest-price" +
            k_fleet_end);
}

TEST_CASE("ec2: a fleet without tags or image leaves those parameters out") {
  aws::CreateFleet request = fleet(aws::Market::spot);
  request.tags.clear();
  request.overrides = {{"c7i.4xlarge", "subnet-a", ""}};
  const std::string body = encode(request);
  CHECK(body.find("TagSpecification") == std::string::npos);
  CHECK(body.find("ImageId") == std::string::npos);
}

TEST_CASE("ec2: a request is a form, posted to the root of the endpoint, with what is signed") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("CreateFleet", ""));
  CHECK(bench.ec2.create_fleet("Action=CreateFleet", bench.deadline));
  const HttpRequest& request = bench.transport.sent.at(0).request;
  CHECK(request.method == "POST");
  CHECK(request.url == "https://ec2.us-east-2.amazonaws.com/");
  CHECK(request.body == "Action=CreateFleet");
  CHECK(request.headers.find("Content-Type") == "application/x-www-form-urlencoded; charset=utf-8");
  CHECK(request.headers.find("Authorization")
            .value_or("")
            .find("SignedHeaders=content-type;host;x-amz-date,") != std::string_view::npos);
}

TEST_CASE("ec2: instances are looked for by tag with wildcards escaped, by id and by state") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("DescribeInstances", ""));
  aws::DescribeInstances request;
  request.tags = {{"mayfly:deployment", "d*1?\\"}};
  request.ids = {{"i-0a"}, {"i-0b"}};
  request.states = {aws::InstanceState::pending, aws::InstanceState::shutting_down};
  CHECK(bench.ec2.describe_instances(request, bench.deadline));
  CHECK(bench.transport.body(0) ==
        "Action=DescribeInstances&Version=2016-11-15&MaxResults=1000"
        "&Filter.1.Name=tag%3Amayfly%3Adeployment&Filter.1.Value.1=d%5C%2A1%5C%3F%5C%5C"
        "&Filter.2.Name=instance-id&Filter.2.Value.1=i-0a&Filter.2.Value.2=i-0b"
        "&Filter.3.Name=instance-state-name&Filter.3.Value.1=pending"
        "&Filter.3.Value.2=shutting-down");
}

TEST_CASE("ec2: the small requests have the bodies that EC2 expects") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("TerminateInstances", ""));
  CHECK(bench.ec2.terminate_instances({{"i-0a"}, {"i-0b"}}, bench.deadline));
  CHECK(bench.transport.body(0) ==
        "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0a&InstanceId.2=i-0b"
        "&SkipOsShutdown=true");

  bench.transport.answer(200, answer_xml("ModifyInstanceMetadataOptions", ""));
  CHECK(bench.ec2.disable_metadata({"i-0a"}, bench.deadline));
  CHECK(bench.transport.body(1) ==
        "Action=ModifyInstanceMetadataOptions&Version=2016-11-15&InstanceId=i-0a"
        "&HttpEndpoint=disabled");

  bench.transport.answer(200, answer_xml("DescribeImages", ""));
  CHECK(bench.ec2.describe_images({"099720109477", "ubuntu-*", "arm64"}, bench.deadline));
  CHECK(bench.transport.body(2) ==
        "Action=DescribeImages&Version=2016-11-15&Owner.1=099720109477"
        "&Filter.1.Name=name&Filter.1.Value.1=ubuntu-%2A"
        "&Filter.2.Name=architecture&Filter.2.Value.1=arm64"
        "&Filter.3.Name=state&Filter.3.Value.1=available&MaxResults=1000");

  bench.transport.answer(200, answer_xml("DescribeLaunchTemplateVersions", ""));
  CHECK(bench.ec2.describe_launch_template_versions("mayfly-d1", bench.deadline));
  CHECK(bench.transport.body(3) ==
        "Action=DescribeLaunchTemplateVersions&Version=2016-11-15"
        "&LaunchTemplateName=mayfly-d1&MaxResults=200");
}

TEST_CASE("ec2: a launch template ends its machine at power-off and lets nothing stay behind") {
  Ec2Bench bench;
  bench.transport.answer(200, answer_xml("CreateLaunchTemplate",
                                         "<launchTemplate><latestVersionNumber>1"
                                         "</latestVersionNumber></launchTemplate>"));
  CHECK(bench.ec2
            .create_launch_template(launch_template(), {{"mayfly:deployment", "d1"}}, {"tok-2"},
                                    bench.deadline)
            .value() == "1");
  CHECK(bench.transport.body(0) == "Action=CreateLaunchTemplate&Version=2016-11-15" +
                                       k_template_data +
                                       "&TagSpecification.1.ResourceType=launch-template"
                                       "&TagSpecification.1.Tag.1.Key=mayfly%3Adeployment"
                                       "&TagSpecification.1.Tag.1.Value=d1");

  bench.transport.answer(200, answer_xml("CreateLaunchTemplateVersion",
                                         "<launchTemplateVersion><versionNumber>2</versionNumber>"
                                         "</launchTemplateVersion>"));
  CHECK(bench.ec2.create_launch_template_version(launch_template(), {"tok-2"}, bench.deadline)
            .value() == "2");
  CHECK(bench.transport.body(1) ==
        "Action=CreateLaunchTemplateVersion&Version=2016-11-15" + k_template_data);
}

TEST_CASE(
    "ec2: a launch template has no instance profile, and no key pair unless one is asked for") {
  Ec2Bench bench;
  aws::LaunchTemplate plain = launch_template();
  plain.key_name.clear();
  plain.volume_tags.clear();
  plain.public_address = false;
  (void)bench.ec2.create_launch_template_version(plain, {"tok-2"}, bench.deadline);
  const std::string& body = bench.transport.body(0);
  CHECK(body.find("IamInstanceProfile") == std::string::npos);
  CHECK(body.find("KeyName") == std::string::npos);
  CHECK(body.find("TagSpecification") == std::string::npos);
  CHECK(body.find("AssociatePublicIpAddress=false") != std::string::npos);
}

}  // namespace
}  // namespace mayfly
