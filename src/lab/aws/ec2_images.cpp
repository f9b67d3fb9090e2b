// DescribeImages.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lab/aws/ec2_actions.h"
#include "lab/aws/listing.h"

namespace mayfly::lab {
namespace {

constexpr std::array<std::string_view, 3> k_filters = {"name", "architecture", "state"};

bool passes(const FakeImage& image, const Filter& filter) {
  if (filter.name == "name") return filter.matches(image.name);
  if (filter.name == "architecture") return filter.matches(to_string(image.architecture));
  return filter.matches("available");
}

bool is_listed(const FakeImage& image, const std::vector<std::string>& owners,
               const std::string& account) {
  return owners.empty() || std::any_of(owners.begin(), owners.end(), [&](const std::string& o) {
           return (o == "self" ? account : o) == image.owner;
         });
}

void write_image(XmlWriter& xml, const FakeImage& image) {
  xml.open("item").text("imageId", image.id).text("name", image.name);
  xml.text("imageOwnerId", image.owner).text("imageState", "available");
  xml.text("creationDate", image.creation_date);
  xml.text("architecture", to_string(image.architecture));
  xml.flag("isPublic", true).text("imageType", "machine");
  xml.text("rootDeviceName", image.root_device).text("rootDeviceType", "ebs");
  xml.text("virtualizationType", "hvm").close();
}

// By id, that is in no useful order: EC2 promises none.
Answer<std::vector<std::string>> matching_ids(const Ec2Call& call) {
  const FakeAwsOptions& options = call.world.options;
  TRY_ASSIGN(const std::vector<Filter> filters, parse_filters(call.form, k_filters));
  TRY_ASSIGN(const bool deprecated_too, call.form.flag("IncludeDeprecated", false));
  const std::vector<std::string> owners = call.form.list("Owner");
  const std::vector<std::string> asked = call.form.list("ImageId");
  for (const std::string& id : asked)
    if (find_image(options, id) == nullptr)
      return refuse("InvalidAMIID.NotFound",
                    "The image id '[" + printable(id) + "]' does not exist");

  std::vector<std::string> ids;
  for (const FakeImage& image : options.images) {
    const bool named =
        asked.empty() || std::find(asked.begin(), asked.end(), image.id) != asked.end();
    const bool shown = deprecated_too || !image.deprecated || image.owner == options.account;
    const bool all = std::all_of(filters.begin(), filters.end(),
                                 [&](const Filter& f) { return passes(image, f); });
    if (named && shown && all && is_listed(image, owners, options.account)) ids.push_back(image.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Answer<std::string> describe_images(const Ec2Call& call) {
  TRY_ASSIGN(const std::vector<std::string> ids, matching_ids(call));
  TRY_ASSIGN(const Page page, page_of(ids, call.form, {1, 1000}, call.world.options));
  XmlWriter xml;
  xml.open("imagesSet");
  for (const std::string& id : page.keys) write_image(xml, *find_image(call.world.options, id));
  xml.close();
  if (!page.next_token.empty()) xml.text("nextToken", page.next_token);
  return xml.take();
}

}  // namespace

std::span<const Ec2Action> image_actions() {
  static constexpr std::array<std::string_view, 7> k_describe = {
      "ImageId.N",  "Owner.N",   "Filter.N.Name",    "Filter.N.Value.N",
      "MaxResults", "NextToken", "IncludeDeprecated"};
  static constexpr std::array<Ec2Action, 1> k_actions = {
      {{"DescribeImages", Bucket::non_mutating, k_describe, false, false, describe_images}}};
  return k_actions;
}

}  // namespace mayfly::lab
