// Launch templates and their versions.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lab/aws/ec2_actions.h"
#include "lab/aws/listing.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_name_alphabet =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789().-/_";
constexpr std::array<std::string_view, 1> k_template_resources = {"launch-template"};

std::string created_by(const Ec2Call& call) {
  return "arn:aws:iam::" + call.world.options.account + ":user/mayfly";
}

void write_template(XmlWriter& xml, std::string_view element, const FakeLaunchTemplate& found,
                    const Ec2Call& call) {
  xml.open(element).text("launchTemplateId", found.id).text("launchTemplateName", found.name);
  xml.text("createTime", iso8601(found.versions.front().created_at));
  xml.text("createdBy", created_by(call)).number("defaultVersionNumber", 1);
  xml.number("latestVersionNumber", static_cast<std::int64_t>(found.versions.size()));
  xml.tags(found.tags).close();
}

void write_data(XmlWriter& xml, const LaunchSpec& spec) {
  xml.open("launchTemplateData");
  if (!spec.image_id.empty()) xml.text("imageId", spec.image_id);
  if (!spec.instance_type.empty()) xml.text("instanceType", spec.instance_type);
  if (!spec.key_name.empty()) xml.text("keyName", spec.key_name);
  if (!spec.user_data.empty()) xml.text("userData", base64_encode(spec.user_data));
  xml.text("instanceInitiatedShutdownBehavior", spec.terminate_on_shutdown ? "terminate" : "stop");
  xml.open("metadataOptions").text("httpEndpoint", spec.metadata.endpoint ? "enabled" : "disabled");
  xml.text("httpTokens", spec.metadata.tokens_required ? "required" : "optional");
  xml.number("httpPutResponseHopLimit", spec.metadata.hop_limit);
  xml.text("instanceMetadataTags", spec.metadata.tags ? "enabled" : "disabled").close().close();
}

void write_version(XmlWriter& xml, std::string_view element, const FakeLaunchTemplate& found,
                   std::size_t number, const Ec2Call& call) {
  const LaunchTemplateVersionData& version = found.versions[number - 1];
  xml.open(element).text("launchTemplateId", found.id).text("launchTemplateName", found.name);
  xml.number("versionNumber", static_cast<std::int64_t>(number));
  xml.text("versionDescription", version.description);
  xml.text("createTime", iso8601(version.created_at)).text("createdBy", created_by(call));
  xml.flag("defaultVersion", number == 1);
  write_data(xml, version.spec);
  xml.close();
}

Answer<FakeLaunchTemplate*> find_template(Ec2World& world, const std::string& name,
                                          const std::string& id) {
  if (name.empty() == id.empty())
    return refuse("MissingParameter", "Either the launch template name or its ID must be given");
  if (!name.empty()) {
    FakeLaunchTemplate* found = world.find_template_by_name(name);
    if (found != nullptr) return found;
    return refuse("InvalidLaunchTemplateName.NotFoundException",
                  "The specified launch template, with template name " + printable(name) +
                      ", does not exist.");
  }
  const auto found = world.templates.find(id);
  if (found != world.templates.end()) return &found->second;
  return refuse("InvalidLaunchTemplateId.NotFound",
                "The specified launch template, with template "
                "ID " +
                    printable(id) + ", does not exist.");
}

Answer<LaunchTemplateVersionData> parse_version(const Ec2Call& call) {
  const std::string description = call.form.text("VersionDescription");
  if (description.size() > 255)
    return refuse("InvalidParameterValue", "The version description is limited to 255 characters");
  const QueryForm data = call.form.under("LaunchTemplateData");
  TRY_ASSIGN(LaunchSpec spec, parse_launch_spec(data));
  return LaunchTemplateVersionData{std::move(spec), description, call.world.wall()};
}

Answer<std::string> make_template(const Ec2Call& call) {
  TRY_ASSIGN(const std::string name, call.form.required("LaunchTemplateName"));
  if (name.size() < 3 || name.size() > 128 || !is_all_of(name, k_name_alphabet))
    return refuse("InvalidLaunchTemplateName.MalformedException",
                  "The name '" + printable(name) + "' is not valid");
  if (call.world.find_template_by_name(name) != nullptr)
    return refuse("InvalidLaunchTemplateName.AlreadyExistsException",
                  "Launch template name already in use.");
  TRY_ASSIGN(const aws::Tags tags,
             parse_tag_specifications(call.form, "launch-template", k_template_resources));
  TRY_ASSIGN(LaunchTemplateVersionData version, parse_version(call));
  FakeLaunchTemplate made{call.world.new_id("lt-"), name, tags, {std::move(version)}};
  XmlWriter xml;
  write_template(xml, "launchTemplate", made, call);
  const std::string id = made.id;
  call.world.templates.emplace(id, std::move(made));
  return xml.take();
}

Answer<std::string> create_launch_template(const Ec2Call& call) {
  return once_per_token(call, "", [&](const ClientToken&) { return make_template(call); });
}

Answer<std::string> make_version(const Ec2Call& call) {
  TRY_ASSIGN(FakeLaunchTemplate * found,
             find_template(call.world, call.form.text("LaunchTemplateName"),
                           call.form.text("LaunchTemplateId")));
  TRY_ASSIGN(LaunchTemplateVersionData version, parse_version(call));
  found->versions.push_back(std::move(version));
  XmlWriter xml;
  write_version(xml, "launchTemplateVersion", *found, found->versions.size(), call);
  return xml.take();
}

Answer<std::string> create_launch_template_version(const Ec2Call& call) {
  return once_per_token(call, "", [&](const ClientToken&) { return make_version(call); });
}

Answer<std::vector<std::string>> asked_template_ids(const Ec2Call& call) {
  std::vector<std::string> ids;
  for (const std::string& name : call.form.list("LaunchTemplateName")) {
    TRY_ASSIGN(const FakeLaunchTemplate* found, find_template(call.world, name, ""));
    ids.push_back(found->id);
  }
  for (const std::string& id : call.form.list("LaunchTemplateId")) {
    TRY(find_template(call.world, "", id));
    ids.push_back(id);
  }
  if (call.form.list("LaunchTemplateName").empty() && call.form.list("LaunchTemplateId").empty())
    for (const auto& [id, launch_template] : call.world.templates) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Answer<std::string> describe_launch_templates(const Ec2Call& call) {
  TRY_ASSIGN(const std::vector<std::string> ids, asked_template_ids(call));
  TRY_ASSIGN(const Page page, page_of(ids, call.form, {1, 200}, call.world.options));
  XmlWriter xml;
  xml.open("launchTemplates");
  for (const std::string& id : page.keys)
    write_template(xml, "item", call.world.templates.at(id), call);
  xml.close();
  if (!page.next_token.empty()) xml.text("nextToken", page.next_token);
  return xml.take();
}

// Fixed width, so that the keys sort as the numbers do.
std::string version_key(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(10 - digits.size(), '0') + digits;
}

Answer<std::vector<std::string>> asked_versions(const Ec2Call& call,
                                                const FakeLaunchTemplate& found) {
  std::vector<std::string> keys;
  const std::vector<std::string> asked = call.form.list("LaunchTemplateVersion");
  for (const std::string& text : asked) {
    const auto number = found.version_number(text);
    if (!number)
      return refuse("InvalidLaunchTemplateId.VersionNotFound",
                    "Could not find the specified version " + printable(text) +
                        " for the launch template with ID " + found.id + ".");
    keys.push_back(version_key(*number));
  }
  if (asked.empty())
    for (std::size_t n = 1; n <= found.versions.size(); ++n) keys.push_back(version_key(n));
  std::sort(keys.begin(), keys.end());
  return keys;
}

Answer<std::string> describe_launch_template_versions(const Ec2Call& call) {
  TRY_ASSIGN(const FakeLaunchTemplate* found,
             find_template(call.world, call.form.text("LaunchTemplateName"),
                           call.form.text("LaunchTemplateId")));
  TRY_ASSIGN(const std::vector<std::string> keys, asked_versions(call, *found));
  TRY_ASSIGN(const Page page, page_of(keys, call.form, {1, 200}, call.world.options));
  XmlWriter xml;
  xml.open("launchTemplateVersionSet");
  for (const std::string& key : page.keys)
    write_version(xml, "item", *found, static_cast<std::size_t>(*parse_int(key)), call);
  xml.close();
  if (!page.next_token.empty()) xml.text("nextToken", page.next_token);
  return xml.take();
}

}  // namespace

std::span<const Ec2Action> template_actions() {
  static constexpr std::array<std::string_view, 6> k_create = {"LaunchTemplateName",
                                                               "VersionDescription",
                                                               "ClientToken",
                                                               "TagSpecification.N.ResourceType",
                                                               "TagSpecification.N.Tag.N.Key",
                                                               "TagSpecification.N.Tag.N.Value"};
  static constexpr std::array<std::string_view, 4> k_version = {
      "LaunchTemplateName", "LaunchTemplateId", "VersionDescription", "ClientToken"};
  static constexpr std::array<std::string_view, 4> k_describe = {
      "LaunchTemplateName.N", "LaunchTemplateId.N", "MaxResults", "NextToken"};
  static constexpr std::array<std::string_view, 5> k_describe_versions = {
      "LaunchTemplateName", "LaunchTemplateId", "LaunchTemplateVersion.N", "MaxResults",
      "NextToken"};
  static constexpr std::array<Ec2Action, 4> k_actions = {
      {{"CreateLaunchTemplate", Bucket::mutating, k_create, false, true, create_launch_template},
       {"CreateLaunchTemplateVersion", Bucket::mutating, k_version, false, true,
        create_launch_template_version},
       {"DescribeLaunchTemplates", Bucket::non_mutating, k_describe, false, false,
        describe_launch_templates},
       {"DescribeLaunchTemplateVersions", Bucket::non_mutating, k_describe_versions, false, false,
        describe_launch_template_versions}}};
  return k_actions;
}

}  // namespace mayfly::lab
