#include "aws/ec2_call.h"

namespace mayfly::aws {
namespace {

Status read_page(const Action& action, pugi::xml_node root, std::vector<Image>& found) {
  for (const pugi::xml_node item : items(root, "imagesSet")) {
    Image image{child_text(item, "imageId"), child_text(item, "name"),
                child_text(item, "creationDate"), child_text(item, "architecture")};
    if (image.id.empty() || image.creation_date.empty())
      return fail(bad_answer(action, "an image lacks its id or creation date"));
    found.push_back(std::move(image));
  }
  return {};
}

}  // namespace

Result<std::vector<Image>> Ec2Client::describe_images(const DescribeImages& request,
                                                      SteadyTime deadline) {
  const Action action = ec2_read("DescribeImages");
  QueryForm form = ec2_form("DescribeImages");
  form.add("Owner.1", request.owner);
  add_filter(form, 1, "name", {request.name_pattern});
  add_filter(form, 2, "architecture", {request.architecture});
  add_filter(form, 3, "state", {"available"});
  form.add_int("MaxResults", 1000);
  std::vector<Image> found;
  TRY(ec2_pages(sender_, action, form, deadline,
                [&](pugi::xml_node root) { return read_page(action, root, found); }));
  return found;
}

}  // namespace mayfly::aws
