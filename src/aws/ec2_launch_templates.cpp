#include "aws/ec2_call.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

const ClientToken k_probe{"mayfly-check"};

void add_network(QueryForm& form, const LaunchTemplate& launch_template) {
  const std::string prefix = "LaunchTemplateData.NetworkInterface.1";
  form.add_int(prefix + ".DeviceIndex", 0)
      .add_bool(prefix + ".AssociatePublicIpAddress", launch_template.public_address)
      .add_bool(prefix + ".DeleteOnTermination", true)
      .add_list(prefix + ".SecurityGroupId", launch_template.security_group_ids);
}

void add_root_volume(QueryForm& form, const LaunchTemplate& launch_template) {
  const std::string prefix = "LaunchTemplateData.BlockDeviceMapping.1";
  form.add(prefix + ".DeviceName", launch_template.root_device)
      .add_int(prefix + ".Ebs.VolumeSize", launch_template.root_volume_gb)
      .add(prefix + ".Ebs.VolumeType", "gp3")
      .add_bool(prefix + ".Ebs.DeleteOnTermination", true);
}

void add_metadata_options(QueryForm& form) {
  const std::string prefix = "LaunchTemplateData.MetadataOptions";
  form.add(prefix + ".HttpTokens", "required")
      .add_int(prefix + ".HttpPutResponseHopLimit", 1)
      .add(prefix + ".HttpEndpoint", "enabled")
      .add(prefix + ".InstanceMetadataTags", "enabled");
}

QueryForm form_for(const std::string& action, const LaunchTemplate& launch_template,
                   const ClientToken& client_token) {
  QueryForm form = ec2_form(action);
  form.add("LaunchTemplateName", launch_template.name)
      .add("VersionDescription", launch_template.version_description)
      .add("ClientToken", client_token.text)
      .add("LaunchTemplateData.UserData", launch_template.user_data_base64)
      .add("LaunchTemplateData.InstanceInitiatedShutdownBehavior", "terminate");
  if (!launch_template.key_name.empty())
    form.add("LaunchTemplateData.KeyName", launch_template.key_name);
  add_network(form, launch_template);
  add_root_volume(form, launch_template);
  add_metadata_options(form);
  add_tags(form, "LaunchTemplateData.TagSpecification.1", "volume", launch_template.volume_tags);
  return form;
}

Result<std::string> version_number(const Action& action, pugi::xml_node node, const char* name) {
  std::string version = child_text(node, name);
  if (!parse_int(version)) return fail(bad_answer(action, "it names no version of the template"));
  return version;
}

Status read_page(const Action& action, pugi::xml_node root,
                 std::vector<LaunchTemplateVersion>& found) {
  for (const pugi::xml_node item : items(root, "launchTemplateVersionSet")) {
    TRY_ASSIGN(std::string version, version_number(action, item, "versionNumber"));
    found.push_back({std::move(version), child_text(item, "versionDescription")});
  }
  return {};
}

}  // namespace

Result<std::optional<std::vector<LaunchTemplateVersion>>>
Ec2Client::describe_launch_template_versions(const std::string& name, SteadyTime deadline) {
  Action action = ec2_read("DescribeLaunchTemplateVersions");
  action.absence = "InvalidLaunchTemplateName.NotFoundException";
  QueryForm form = ec2_form("DescribeLaunchTemplateVersions");
  form.add("LaunchTemplateName", name).add_int("MaxResults", 200);
  std::vector<LaunchTemplateVersion> found;
  const Status status = ec2_pages(sender_, action, form, deadline, [&](pugi::xml_node root) {
    return read_page(action, root, found);
  });
  if (status) return found;
  if (status.error().code == Code::aws_not_found) return std::nullopt;
  return fail(status.error());
}

Result<std::string> Ec2Client::create_launch_template(const LaunchTemplate& launch_template,
                                                      const Tags& tags,
                                                      const ClientToken& client_token,
                                                      SteadyTime deadline) {
  const Action action = ec2_change("CreateLaunchTemplate");
  QueryForm form = form_for("CreateLaunchTemplate", launch_template, client_token);
  add_tags(form, "TagSpecification.1", "launch-template", tags);
  TRY_ASSIGN(const XmlAnswer answer, ec2_call(sender_, action, form.body(), deadline));
  return version_number(action, answer.root().child("launchTemplate"), "latestVersionNumber");
}

Result<std::string> Ec2Client::create_launch_template_version(const LaunchTemplate& launch_template,
                                                              const ClientToken& client_token,
                                                              SteadyTime deadline) {
  const Action action = ec2_change("CreateLaunchTemplateVersion");
  const QueryForm form = form_for("CreateLaunchTemplateVersion", launch_template, client_token);
  TRY_ASSIGN(const XmlAnswer answer, ec2_call(sender_, action, form.body(), deadline));
  return version_number(action, answer.root().child("launchTemplateVersion"), "versionNumber");
}

Status Ec2Client::may_create_launch_template(const LaunchTemplate& launch_template,
                                             const Tags& tags, SteadyTime deadline) {
  QueryForm form = form_for("CreateLaunchTemplate", launch_template, k_probe);
  add_tags(form, "TagSpecification.1", "launch-template", tags);
  return ec2_dry_run(sender_, ec2_change("CreateLaunchTemplate"), form.body(), false, deadline);
}

Status Ec2Client::may_create_launch_template_version(const LaunchTemplate& launch_template,
                                                     SteadyTime deadline) {
  const QueryForm form = form_for("CreateLaunchTemplateVersion", launch_template, k_probe);
  return ec2_dry_run(sender_, ec2_change("CreateLaunchTemplateVersion"), form.body(), false,
                     deadline);
}

}  // namespace mayfly::aws
