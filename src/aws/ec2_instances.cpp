#include <algorithm>
#include <array>

#include "aws/ec2_call.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

// EC2 takes at most 200 values of one filter.
constexpr std::size_t k_filter_values_max = 200;

struct StateName {
  InstanceState state;
  std::string_view name;
};

constexpr auto k_states = std::to_array<StateName>({
    {InstanceState::pending, "pending"},
    {InstanceState::running, "running"},
    {InstanceState::shutting_down, "shutting-down"},
    {InstanceState::terminated, "terminated"},
    {InstanceState::stopping, "stopping"},
    {InstanceState::stopped, "stopped"},
});

std::optional<InstanceState> parse_state(std::string_view name) {
  for (const StateName& row : k_states)
    if (row.name == name) return row.state;
  return std::nullopt;
}

std::string escape_wildcards(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '*' || c == '?' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// The ids go into a filter rather than into InstanceId.N: that could not be paged, and one id that
// EC2 does not know would spoil all.
QueryForm form_for(const DescribeInstances& request, const std::vector<std::string>& ids) {
  QueryForm form = ec2_form("DescribeInstances");
  form.add_int("MaxResults", 1000);
  int n = 0;
  for (const auto& [key, value] : request.tags)
    add_filter(form, ++n, "tag:" + key, {escape_wildcards(value)});
  if (!ids.empty()) add_filter(form, ++n, "instance-id", ids);
  std::vector<std::string> states;
  for (const InstanceState state : request.states) states.emplace_back(to_string(state));
  if (!states.empty()) add_filter(form, ++n, "instance-state-name", states);
  return form;
}

Result<Instance> read_instance(const Action& action, pugi::xml_node item) {
  auto id = parse_instance_id(child_text(item, "instanceId"));
  const auto state = parse_state(child_text(item.child("instanceState"), "name"));
  const auto launched_at = parse_iso8601(child_text(item, "launchTime"));
  if (!id || !state || !launched_at)
    return fail(bad_answer(action, "an instance lacks its id, state or launch time"));
  Instance instance;
  instance.id = std::move(*id);
  instance.state = *state;
  instance.state_reason = child_text(item.child("stateReason"), "code");
  instance.instance_type = child_text(item, "instanceType");
  instance.availability_zone = child_text(item.child("placement"), "availabilityZone");
  instance.subnet_id = child_text(item, "subnetId");
  instance.market =
      child_text(item, "instanceLifecycle") == "spot" ? Market::spot : Market::on_demand;
  instance.launched_at = *launched_at;
  for (const pugi::xml_node tag : items(item, "tagSet"))
    instance.tags[child_text(tag, "key")] = child_text(tag, "value");
  instance.metadata_enabled =
      child_text(item.child("metadataOptions"), "httpEndpoint") != "disabled";
  return instance;
}

Status read_page(const Action& action, pugi::xml_node root, std::vector<Instance>& found) {
  for (const pugi::xml_node reservation : items(root, "reservationSet"))
    for (const pugi::xml_node item : items(reservation, "instancesSet")) {
      TRY_ASSIGN(Instance instance, read_instance(action, item));
      found.push_back(std::move(instance));
    }
  return {};
}

}  // namespace

std::string_view to_string(InstanceState state) {
  for (const StateName& row : k_states)
    if (row.state == state) return row.name;
  return "unknown";
}

Result<std::vector<Instance>> Ec2Client::describe_instances(const DescribeInstances& request,
                                                            SteadyTime deadline) {
  const Action action = ec2_read("DescribeInstances");
  std::vector<Instance> found;
  std::size_t begin = 0;
  do {
    const std::size_t end = std::min(begin + k_filter_values_max, request.ids.size());
    std::vector<std::string> ids;
    for (; begin < end; ++begin) ids.push_back(request.ids[begin].text);
    TRY(ec2_pages(sender_, action, form_for(request, ids), deadline,
                  [&](pugi::xml_node root) { return read_page(action, root, found); }));
  } while (begin < request.ids.size());
  return found;
}

Status Ec2Client::disable_metadata(const InstanceId& id, SteadyTime deadline) {
  QueryForm form = ec2_form("ModifyInstanceMetadataOptions");
  form.add("InstanceId", id.text).add("HttpEndpoint", "disabled");
  TRY(ec2_call(sender_, ec2_change("ModifyInstanceMetadataOptions"), form.body(), deadline));
  return {};
}

Status Ec2Client::may_disable_metadata(SteadyTime deadline, const InstanceId& id) {
  QueryForm form = ec2_form("ModifyInstanceMetadataOptions");
  form.add("InstanceId", id.empty() ? k_no_instance : id.text).add("HttpEndpoint", "disabled");
  return ec2_dry_run(sender_, ec2_change("ModifyInstanceMetadataOptions"), form.body(), true,
                     deadline);
}

}  // namespace mayfly::aws
