#include "service/launch_template.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "lease/enforce.h"
#include "service/boot/boot_script.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using aws::testing::answer_xml;
using aws::testing::error_xml;

// A service that has not made its launch template yet.
struct Fresh : Service {
  explicit Fresh(Config a_config = small_config()) : Service(std::move(a_config)) {
    (void)ledger->set_fact("launch-template", "");
  }
};

std::string versions_xml(const std::vector<std::pair<std::string, std::string>>& versions) {
  std::string items;
  for (const auto& [number, description] : versions)
    items += "<item><versionNumber>" + number + "</versionNumber><versionDescription>" +
             description + "</versionDescription></item>";
  return answer_xml("DescribeLaunchTemplateVersions",
                    "<launchTemplateVersionSet>" + items + "</launchTemplateVersionSet>");
}

std::string made_version_xml(const std::string& number) {
  return answer_xml("CreateLaunchTemplateVersion", "<launchTemplateVersion><versionNumber>" +
                                                       number +
                                                       "</versionNumber></launchTemplateVersion>");
}

TEST_CASE("launch template: where there is none it is made, with the deployment's tag") {
  Fresh service;
  service.ec2_wire.answer(400, error_xml("InvalidLaunchTemplateName.NotFoundException"));
  service.ec2_wire.answer(200,
                          answer_xml("CreateLaunchTemplate",
                                     "<launchTemplate><latestVersionNumber>1</latestVersionNumber>"
                                     "</launchTemplate>"));
  const TemplateVersion version = service.templates.current().value();
  CHECK(version.name == "mayfly-ci");
  CHECK(version.version == "1");
  CHECK(asked_for(service.ec2_wire, 1, "Action=CreateLaunchTemplate&"));
  CHECK(asked_for(service.ec2_wire, 1, "Tag.1.Key=mayfly%3Adeployment"));
}

TEST_CASE("launch template: a version with the right hash is found among others and not made") {
  Fresh service;
  const std::string hash = wanted_template(service.config).version_description;
  service.ec2_wire.answer(200, versions_xml({{"9", "by hand"}, {"4", hash}, {"3", ""}}));
  CHECK(service.templates.current().value().version == "4");
  CHECK(service.calls() == 1);
}

TEST_CASE("launch template: what is known is not asked for again, nor by another process") {
  Fresh service;
  const std::string hash = wanted_template(service.config).version_description;
  service.ec2_wire.answer(200, versions_xml({{"4", hash}}));
  REQUIRE(service.templates.current());
  LaunchTemplates other(service.config, service.ec2, *service.ledger, service.clock);
  CHECK(other.current().value().version == "4");
  CHECK(service.calls() == 1);
  REQUIRE(service.ledger->set_fact("launch-template", ""));
  CHECK(other.current().value().version == "4");  // nor of the ledger
  CHECK(service.calls() == 1);

  REQUIRE(service.templates.forget());
  service.ec2_wire.answer(200, versions_xml({{"5", hash}}));
  CHECK(service.templates.current().value().version == "5");
}

TEST_CASE("launch template: a changed configuration makes a new version, with a token of its own") {
  Fresh service;
  const std::string hash = wanted_template(service.config).version_description;
  service.ec2_wire.answer(200, versions_xml({{"1", hash}}));
  REQUIRE(service.templates.current());
  service.config.machine.root_volume_gb += 1;
  LaunchTemplates restarted(service.config, service.ec2, *service.ledger, service.clock);
  service.ec2_wire.answer(200, versions_xml({{"1", hash}}));
  service.ec2_wire.answer(200, made_version_xml("2"));
  CHECK(restarted.current().value().version == "2");
  const std::string changed = wanted_template(service.config).version_description;
  CHECK(asked_for(service.ec2_wire, 2, "Action=CreateLaunchTemplateVersion&"));
  CHECK(asked_for(service.ec2_wire, 2, "ClientToken=mayfly-ci-" + changed.substr(0, 16)));
  CHECK(asked_for(service.ec2_wire, 2, "VersionDescription=" + changed));
}

TEST_CASE("launch template: the hash covers every field that goes to EC2") {
  using Change = void (*)(Config&);
  const std::string hash = wanted_template(small_config()).version_description;
  CHECK(hash.size() == 32);
  CHECK(wanted_template(small_config()).version_description == hash);
  for (const Change change :
       std::initializer_list<Change>{[](Config& c) { c.aws.security_group_ids.push_back("sg-0b"); },
                                     [](Config& c) { c.aws.key_name = "key"; },
                                     [](Config& c) { c.aws.public_address = false; },
                                     [](Config& c) { c.machine.root_volume_gb = 64; },
                                     [](Config& c) { c.deployment = "other"; }}) {
    Config config = small_config();
    change(config);
    CHECK(wanted_template(config).version_description != hash);
  }
}

TEST_CASE("launch template: user data is the boot script, the same whatever the configuration") {
  Config config = small_config();
  const std::string script = base64_decode(wanted_template(config).user_data_base64).value();
  CHECK(script == boot_script());
  CHECK(script.starts_with("#!"));
  CHECK(wanted_template(config).user_data_base64.size() <= 16 * 1024 * 4 / 3 + 4);  // EC2's limit
  config.public_url = "https://elsewhere.example.org";
  config.github.organization = "someone";
  config.repositories[0].name = RepositoryName{"someone/else"};
  CHECK(base64_decode(wanted_template(config).user_data_base64).value() == script);
}

TEST_CASE("launch template: it names no instance profile, and machines end when they power off") {
  Fresh service;
  service.ec2_wire.answer(200, versions_xml({}));
  service.ec2_wire.answer(200, made_version_xml("1"));
  REQUIRE(service.templates.current());
  const std::string& body = service.ec2_wire.body(1);
  CHECK(body.find("IamInstanceProfile") == std::string::npos);
  CHECK(body.find("KeyName") == std::string::npos);
  CHECK(body.find("InstanceInitiatedShutdownBehavior=terminate") != std::string::npos);
  CHECK(body.find("MetadataOptions.HttpTokens=required") != std::string::npos);
}

TEST_CASE(
    "launch template: its client token fits into EC2's 64 bytes for every deployment's name") {
  Config config = small_config();
  config.deployment = std::string(32, 'd');
  Fresh service(config);
  service.ec2_wire.answer(200, versions_xml({}));
  service.ec2_wire.answer(200, made_version_xml("1"));
  REQUIRE(service.templates.current());
  const std::string& body = service.ec2_wire.body(1);
  const std::size_t at = body.find("ClientToken=") + std::string("ClientToken=").size();
  CHECK(body.find('&', at) - at <= 64);
}

TEST_CASE("launch template: a failure is an error and is not remembered") {
  Fresh service;
  service.ec2_wire.answer(403, error_xml("UnauthorizedOperation"));
  CHECK(service.templates.current().error().code == Code::aws_denied);
  service.ec2_wire.answer(200, versions_xml({}));
  service.ec2_wire.fail_with(Code::transport_lost);
  CHECK(service.templates.current().error().code == Code::aws_lost);
  service.ec2_wire.answer(
      200, versions_xml({{"1", wanted_template(service.config).version_description}}));
  CHECK(service.templates.current().value().version == "1");
}

}  // namespace
}  // namespace mayfly
