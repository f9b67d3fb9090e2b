#include "lab/aws/launch_spec.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_user_data_max = 16 * 1024;
constexpr std::size_t k_tags_max = 50;
constexpr std::string_view k_metadata_key_alphabet =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-=._,:@";

constexpr std::array<std::string_view, 2> k_enabled = {"enabled", "disabled"};
constexpr std::array<std::string_view, 2> k_disabled = {"disabled", "enabled"};
constexpr std::array<std::string_view, 2> k_tokens = {"optional", "required"};
constexpr std::array<std::string_view, 2> k_shutdown = {"stop", "terminate"};
constexpr std::array<std::string_view, 4> k_launch_resources = {
    "instance", "volume", "network-interface", "spot-instances-request"};

tl::unexpected<AwsFault> invalid(const std::string& message) {
  return refuse("InvalidParameterValue", message);
}

Answer<std::string> decode_user_data(const std::string& encoded) {
  auto raw = base64_decode(encoded);
  if (!raw) return refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data");
  if (raw->size() > k_user_data_max) return invalid("User data is limited to 16384 bytes");
  return std::move(*raw);
}

Answer<void> read_interface(const QueryForm& form, LaunchSpec& spec) {
  const std::vector<QueryForm> interfaces = form.items("NetworkInterface");
  if (interfaces.empty()) return {};
  if (interfaces.size() > 1) return invalid("The emulated machines have one network interface");
  if (!spec.subnet_id.empty() || !spec.security_groups.empty())
    return refuse("InvalidParameterCombination",
                  "Network interfaces and an instance-level subnet ID or security groups may not "
                  "be specified on the same request");
  const QueryForm& interface = interfaces.front();
  TRY(interface.number("DeviceIndex", 0, 0, 0));
  TRY(interface.flag("DeleteOnTermination", true));
  TRY_ASSIGN(spec.public_address, interface.flag("AssociatePublicIpAddress", true));
  spec.subnet_id = interface.text("SubnetId");
  spec.security_groups = interface.list("SecurityGroupId");
  return {};
}

Answer<void> check_disks(const QueryForm& form) {
  for (const QueryForm& disk : form.items("BlockDeviceMapping")) {
    TRY(disk.required("DeviceName"));
    TRY(disk.number("Ebs.VolumeSize", 8, 1, 65536));
    TRY(disk.flag("Ebs.DeleteOnTermination", true));
    TRY(disk.flag("Ebs.Encrypted", false));
  }
  return {};
}

Answer<void> check_network(const LaunchSpec& spec, const FakeAwsOptions& options) {
  if (!options.subnets.contains(spec.subnet_id))
    return refuse("InvalidSubnetID.NotFound",
                  "The subnet ID '" + printable(spec.subnet_id) + "' does not exist");
  for (const std::string& group : spec.security_groups)
    if (!options.security_groups.contains(group))
      return refuse("InvalidGroup.NotFound",
                    "The security group '" + printable(group) + "' does not exist");
  if (!spec.key_name.empty() && !options.key_pairs.contains(spec.key_name))
    return refuse("InvalidKeyPair.NotFound",
                  "The key pair '" + printable(spec.key_name) + "' does not exist");
  return {};
}

}  // namespace

std::span<const std::string_view> launch_parameters() {
  static constexpr std::array<std::string_view, 31> k_parameters = {
      "ImageId",
      "InstanceType",
      "SubnetId",
      "KeyName",
      "UserData",
      "SecurityGroupId.N",
      "InstanceInitiatedShutdownBehavior",
      "MetadataOptions.HttpEndpoint",
      "MetadataOptions.HttpTokens",
      "MetadataOptions.HttpPutResponseHopLimit",
      "MetadataOptions.InstanceMetadataTags",
      "MetadataOptions.HttpProtocolIpv6",
      "NetworkInterface.N.DeviceIndex",
      "NetworkInterface.N.SubnetId",
      "NetworkInterface.N.SecurityGroupId.N",
      "NetworkInterface.N.AssociatePublicIpAddress",
      "NetworkInterface.N.DeleteOnTermination",
      "BlockDeviceMapping.N.DeviceName",
      "BlockDeviceMapping.N.Ebs.VolumeSize",
      "BlockDeviceMapping.N.Ebs.VolumeType",
      "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
      "BlockDeviceMapping.N.Ebs.Encrypted",
      "BlockDeviceMapping.N.Ebs.Iops",
      "BlockDeviceMapping.N.Ebs.Throughput",
      "BlockDeviceMapping.N.Ebs.SnapshotId",
      "BlockDeviceMapping.N.Ebs.VolumeInitializationRate",
      "TagSpecification.N.ResourceType",
      "TagSpecification.N.Tag.N.Key",
      "TagSpecification.N.Tag.N.Value",
      "EbsOptimized",
      "Monitoring.Enabled"};
  return k_parameters;
}

Answer<LaunchSpec> parse_launch_spec(const QueryForm& form) {
  LaunchSpec spec;
  spec.image_id = form.text("ImageId");
  spec.instance_type = form.text("InstanceType");
  spec.subnet_id = form.text("SubnetId");
  spec.key_name = form.text("KeyName");
  spec.security_groups = form.list("SecurityGroupId");
  TRY_ASSIGN(spec.user_data, decode_user_data(form.text("UserData")));
  TRY_ASSIGN(const std::string shutdown,
             form.word("InstanceInitiatedShutdownBehavior", k_shutdown));
  spec.terminate_on_shutdown = shutdown == "terminate";
  TRY_ASSIGN(spec.metadata, parse_metadata_options(form.under("MetadataOptions"), {}));
  TRY_ASSIGN(spec.tags, parse_tag_specifications(form, "instance", k_launch_resources));
  TRY(read_interface(form, spec));
  TRY(check_disks(form));
  return spec;
}

Answer<MetadataOptions> parse_metadata_options(const QueryForm& form, MetadataOptions current) {
  const auto words_from = [](bool on, const auto& on_first, const auto& off_first) {
    return std::span<const std::string_view>(on ? on_first : off_first);
  };
  TRY_ASSIGN(const std::string endpoint,
             form.word("HttpEndpoint", words_from(current.endpoint, k_enabled, k_disabled)));
  TRY_ASSIGN(const std::string tags,
             form.word("InstanceMetadataTags", words_from(current.tags, k_enabled, k_disabled)));
  TRY(form.word("HttpProtocolIpv6", k_disabled));
  if (form.has("HttpTokens")) {
    TRY_ASSIGN(const std::string tokens, form.word("HttpTokens", k_tokens));
    current.tokens_required = tokens == "required";
  }
  TRY_ASSIGN(current.hop_limit, form.number("HttpPutResponseHopLimit", current.hop_limit, 1, 64));
  current.endpoint = endpoint == "enabled";
  current.tags = tags == "enabled";
  return current;
}

Answer<aws::Tags> parse_tags(const QueryForm& form) {
  aws::Tags tags;
  for (const QueryForm& item : form.items("Tag")) {
    TRY_ASSIGN(const std::string key, item.required("Key"));
    const std::string value = item.text("Value");
    if (key.size() > 128 || value.size() > 256)
      return invalid("Tag keys may have 128 characters and tag values 256");
    if (to_lower(key).starts_with("aws:"))
      return invalid("Tag keys starting with 'aws:' are reserved for internal use");
    if (!tags.emplace(key, value).second)
      return invalid("Duplicate tag key '" + printable(key) + "' specified.");
  }
  if (tags.size() > k_tags_max)
    return refuse("TagLimitExceeded", "The maximum number of tags for a resource is 50");
  return tags;
}

Answer<aws::Tags> parse_tag_specifications(const QueryForm& form, std::string_view resource_type,
                                           std::span<const std::string_view> allowed) {
  aws::Tags tags;
  for (const QueryForm& item : form.items("TagSpecification")) {
    const std::string type = item.text("ResourceType");
    if (std::find(allowed.begin(), allowed.end(), type) == allowed.end())
      return invalid("'" + printable(type) + "' is not a valid taggable resource type here");
    TRY_ASSIGN(aws::Tags of_item, parse_tags(item));
    if (type == resource_type) tags.merge(of_item);
  }
  return tags;
}

Answer<void> check_metadata_keys(const aws::Tags& tags) {
  for (const auto& [key, value] : tags)
    if (!is_all_of(key, k_metadata_key_alphabet) || key == "." || key == ".." || key == "_index")
      return invalid(
          "Instance tag keys must match pattern ('[0-9a-zA-Z\\\\-_+=,.@:]{1,255}') and "
          "must not be a reserved name when the instance metadata service serves tags");
  return {};
}

Answer<void> check_launchable(const LaunchSpec& spec, const FakeAwsOptions& options) {
  const auto type = options.instance_types.find(spec.instance_type);
  if (type == options.instance_types.end())
    return invalid("Invalid value '" + printable(spec.instance_type) + "' for InstanceType.");
  const FakeImage* image = find_image(options, spec.image_id);
  if (image == nullptr)
    return refuse("InvalidAMIID.NotFound",
                  "The image id '[" + printable(spec.image_id) + "]' does not exist");
  if (image->architecture != type->second.architecture)
    return invalid("The architecture '" + std::string(to_string(type->second.architecture)) +
                   "' of the specified instance type does not match the architecture '" +
                   std::string(to_string(image->architecture)) + "' of the specified AMI.");
  TRY(check_network(spec, options));
  if (spec.tags.size() > k_tags_max)
    return refuse("TagLimitExceeded", "The maximum number of tags for a resource is 50");
  return spec.metadata.tags ? check_metadata_keys(spec.tags) : Answer<void>{};
}

const FakeImage* find_image(const FakeAwsOptions& options, const std::string& id) {
  for (const FakeImage& image : options.images)
    if (image.id == id) return &image;
  return nullptr;
}

}  // namespace mayfly::lab
