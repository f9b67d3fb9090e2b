#pragma once

// What to launch: the parameters that RunInstances and a launch template's data share (facts.md B1,
// B2). An instance profile is not among them: a runner must not have one.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/ec2.h"
#include "lab/aws/aws_options.h"
#include "lab/aws/query_form.h"

namespace mayfly::lab {

struct MetadataOptions {
  bool endpoint = true;
  bool tokens_required = false;
  bool tags = false;
  std::int64_t hop_limit = 1;
};

struct LaunchSpec {
  std::string image_id;
  std::string instance_type;
  std::string subnet_id;
  std::string key_name;
  std::string user_data;  // decoded
  std::vector<std::string> security_groups;
  bool terminate_on_shutdown = false;  // EC2's default is to stop
  bool public_address = true;
  MetadataOptions metadata;
  aws::Tags tags;  // of the instance
};

// The accepted parameter names, without prefix.
[[nodiscard]] std::span<const std::string_view> launch_parameters();
[[nodiscard]] Answer<LaunchSpec> parse_launch_spec(const QueryForm& form);

// Over what is already set; also the parameters of ModifyInstanceMetadataOptions.
[[nodiscard]] Answer<MetadataOptions> parse_metadata_options(const QueryForm& form,
                                                             MetadataOptions current);
// Tag.N.Key, Tag.N.Value: at most 50, keys to 128 and values to 256 bytes, no "aws:", none twice.
[[nodiscard]] Answer<aws::Tags> parse_tags(const QueryForm& form);
// The tags of TagSpecification.N for one resource type; any other type must be among the allowed.
[[nodiscard]] Answer<aws::Tags> parse_tag_specifications(const QueryForm& form,
                                                         std::string_view resource_type,
                                                         std::span<const std::string_view> allowed);
// Whether IMDS can serve these keys: InvalidParameterValue at launch otherwise.
[[nodiscard]] Answer<void> check_metadata_keys(const aws::Tags& tags);

// Everything that must exist and fit: type, image, architecture, subnet, groups, key pair, tags.
[[nodiscard]] Answer<void> check_launchable(const LaunchSpec& spec, const FakeAwsOptions& options);
[[nodiscard]] const FakeImage* find_image(const FakeAwsOptions& options, const std::string& id);

}  // namespace mayfly::lab
