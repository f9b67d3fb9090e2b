#include <algorithm>

#include "config/parse_tables.h"

namespace mayfly {
namespace {

constexpr std::size_t k_security_groups_max = 16;
constexpr std::size_t k_subnets_max = 32;

Result<ImageConfig> parse_image(const Section& section) {
  ImageConfig image;
  TRY(section.text("id", k_image_id, image.id));
  TRY(section.text("ssm_parameter", k_parameter_path, image.ssm_parameter));
  TRY(section.text("owner", k_image_owner, image.owner));
  TRY(section.text("name_pattern", k_name_pattern, image.name_pattern));
  if (section.has("owner")) TRY(section.require("name_pattern"));
  if (section.has("name_pattern")) TRY(section.require("owner"));
  const int forms =
      int{section.has("id")} + int{section.has("ssm_parameter")} + int{section.has("name_pattern")};
  if (forms != 1) {
    return section.refuse("id",
                          "must be given, or ssm_parameter, or owner with name_pattern: "
                          "exactly one of the three");
  }
  return image;
}

Result<InstanceTypeConfig> parse_instance_type(const Section& section) {
  InstanceTypeConfig type;
  for (const char* key : {"architecture", "type", "usd_per_hour"}) TRY(section.require(key));
  TRY(section.choice<Architecture>(
      "architecture", {{"x86_64", Architecture::x86_64}, {"arm64", Architecture::arm64}},
      type.architecture));
  TRY(section.text("type", k_instance_type_name, type.instance_type));
  TRY(section.money("usd_per_hour", type.usd_per_hour));
  return type;
}

}  // namespace

Result<AwsConfig> parse_aws(const Section& section) {
  AwsConfig aws;
  for (const char* key : {"region", "security_group_ids", "subnet_ids"}) TRY(section.require(key));
  TRY(section.text("region", k_region, aws.region));
  TRY(section.texts("security_group_ids", k_security_group_id, k_security_groups_max,
                    aws.security_group_ids));
  TRY(section.texts("subnet_ids", k_subnet_id, k_subnets_max, aws.subnet_ids));
  TRY(section.text("key_name", k_key_name, aws.key_name));
  TRY(section.boolean("public_address", aws.public_address));
  return aws;
}

Result<std::map<Architecture, ImageConfig>> parse_images(const Section& section) {
  std::map<Architecture, ImageConfig> images;
  for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64}) {
    if (!section.has(to_string(architecture))) continue;
    TRY_ASSIGN(const Section table, section.table(to_string(architecture)));
    TRY_ASSIGN(images[architecture], parse_image(table));
  }
  return images;
}

Result<std::vector<InstanceTypeConfig>> parse_instance_types(const Section& top) {
  TRY(top.require("instance_type"));
  TRY_ASSIGN(const std::vector<Section> sections, top.tables("instance_type"));
  std::vector<InstanceTypeConfig> types;
  for (const Section& section : sections) {
    TRY_ASSIGN(InstanceTypeConfig type, parse_instance_type(section));
    const bool is_known = std::ranges::any_of(types, [&](const InstanceTypeConfig& other) {
      return other.instance_type == type.instance_type;
    });
    if (is_known) return section.refuse("type", "appears twice");
    types.push_back(std::move(type));
  }
  if (types.empty()) return top.refuse("instance_type", "must have at least one table");
  return types;
}

}  // namespace mayfly
