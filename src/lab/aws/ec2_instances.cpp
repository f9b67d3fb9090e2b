// DescribeInstances, TerminateInstances, ModifyInstanceMetadataOptions, CreateTags.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lab/aws/ec2_actions.h"
#include "lab/aws/listing.h"

namespace mayfly::lab {
namespace {

using aws::InstanceState;

constexpr std::size_t k_terminate_max = 1000;
constexpr std::array<std::string_view, 5> k_filters = {"tag:", "tag-key", "instance-state-name",
                                                       "client-token", "instance-id"};

int state_code(InstanceState state) {
  switch (state) {
    case InstanceState::pending:
      return 0;
    case InstanceState::running:
      return 16;
    case InstanceState::shutting_down:
      return 32;
    case InstanceState::terminated:
      return 48;
    case InstanceState::stopping:
      return 64;
    case InstanceState::stopped:
      return 80;
  }
  return 0;
}

void write_state(XmlWriter& xml, std::string_view element, InstanceState state) {
  xml.open(element).number("code", state_code(state)).text("name", to_string(state)).close();
}

bool passes(const Ec2World& world, const FakeInstance& instance, const Filter& filter) {
  const aws::Tags& tags = instance.spec.tags;
  if (filter.name == "instance-state-name")
    return filter.matches(to_string(world.shown_state(instance)));
  if (filter.name == "client-token") return filter.matches(instance.client_token.text);
  if (filter.name == "instance-id") return filter.matches(instance.id.text);
  if (filter.name == "tag-key")
    return std::any_of(tags.begin(), tags.end(),
                       [&](const auto& tag) { return filter.matches(tag.first); });
  const auto tag = tags.find(filter.name.substr(4));
  return tag != tags.end() && filter.matches(tag->second);
}

// The ids must be well-formed and known: otherwise the error that names those that are not.
Answer<std::vector<FakeInstance*>> find_all(Ec2World& world, const std::vector<std::string>& ids) {
  std::vector<FakeInstance*> found;
  std::string missing;
  int missing_count = 0;
  for (const std::string& text : ids) {
    const auto id = parse_instance_id(text);
    if (!id)
      return refuse("InvalidInstanceID.Malformed", "Invalid id: \"" + printable(text) + "\"");
    FakeInstance* instance = world.find_visible(*id);
    if (instance != nullptr) {
      found.push_back(instance);
    } else {
      missing += (missing_count++ == 0 ? "" : ", ") + text;
    }
  }
  if (missing_count == 0) return found;
  return refuse("InvalidInstanceID.NotFound",
                missing_count == 1 ? "The instance ID '" + missing + "' does not exist"
                                   : "The instance IDs '" + missing + "' do not exist");
}

Answer<std::vector<std::string>> matching_ids(const Ec2Call& call) {
  TRY_ASSIGN(const std::vector<Filter> filters, parse_filters(call.form, k_filters));
  const std::vector<std::string> asked = call.form.list("InstanceId");
  if (!asked.empty() && (call.form.has("MaxResults") || call.form.has("NextToken")))
    return refuse("InvalidParameterCombination",
                  "The parameter instancesSet cannot be used with the parameter maxResults");
  TRY(find_all(call.world, asked));

  std::vector<std::string> ids;
  for (const auto& entry : call.world.instances) {
    const InstanceId& id = entry.first;
    const bool named =
        asked.empty() || std::find(asked.begin(), asked.end(), id.text) != asked.end();
    const bool all = std::all_of(filters.begin(), filters.end(), [&](const Filter& f) {
      return passes(call.world, entry.second, f);
    });
    if (named && all && call.world.find_visible(id) != nullptr) ids.push_back(id.text);
  }
  return ids;
}

// The instance as a listing that lags tells of it: it does not know of its end yet.
void write_shown(XmlWriter& xml, const FakeInstance& instance, const Ec2World& world) {
  const InstanceState state = world.shown_state(instance);
  if (state == instance.state) return write_instance(xml, instance, world.options);
  FakeInstance shown = instance;
  shown.state = state;
  if (is_live(state)) shown.reason_code.clear();
  write_instance(xml, shown, world.options);
}

Answer<std::string> describe_instances(const Ec2Call& call) {
  TRY_ASSIGN(const std::vector<std::string> ids, matching_ids(call));
  TRY_ASSIGN(const Page page, page_of(ids, call.form, {5, 1000}, call.world.options));
  XmlWriter xml;
  xml.open("reservationSet");
  for (const std::string& id : page.keys) {
    const FakeInstance& instance = *call.world.find(InstanceId{id});
    xml.open("item").text("reservationId", instance.reservation_id);
    xml.text("ownerId", call.world.options.account).open("groupSet").close();
    xml.open("instancesSet");
    write_shown(xml, instance, call.world);
    xml.close().close();
  }
  xml.close();
  if (!page.next_token.empty()) xml.text("nextToken", page.next_token);
  return xml.take();
}

Answer<std::string> terminate_instances(const Ec2Call& call) {
  const std::vector<std::string> ids = call.form.list("InstanceId");
  if (ids.empty())
    return refuse("MissingParameter", "The request must contain the parameter InstanceId");
  if (ids.size() > k_terminate_max)
    return refuse("InvalidParameterValue", "At most 1000 instance IDs may be given");
  TRY(call.form.flag("SkipOsShutdown", false));
  TRY(call.form.flag("Force", false));
  TRY_ASSIGN(const std::vector<FakeInstance*> instances, find_all(call.world, ids));
  TRY(take_machine_tokens(call, Bucket::terminated_machines, instances.size()));

  XmlWriter xml;
  xml.open("instancesSet");
  for (FakeInstance* instance : instances) {
    const InstanceState before = instance->state;
    call.world.terminate(*instance, "Client.UserInitiatedShutdown", "User initiated shutdown");
    xml.open("item").text("instanceId", instance->id.text);
    write_state(xml, "currentState", instance->state);
    write_state(xml, "previousState", before);
    xml.close();
  }
  return xml.close().take();
}

void write_metadata(XmlWriter& xml, std::string_view element, const MetadataOptions& options,
                    std::string_view state) {
  xml.open(element).text("state", state);
  xml.text("httpTokens", options.tokens_required ? "required" : "optional");
  xml.number("httpPutResponseHopLimit", options.hop_limit);
  xml.text("httpEndpoint", options.endpoint ? "enabled" : "disabled");
  xml.text("httpProtocolIpv6", "disabled");
  xml.text("instanceMetadataTags", options.tags ? "enabled" : "disabled").close();
}

Answer<std::string> modify_metadata(const Ec2Call& call) {
  TRY_ASSIGN(const std::string id, call.form.required("InstanceId"));
  TRY_ASSIGN(const std::vector<FakeInstance*> found, find_all(call.world, {id}));
  FakeInstance& instance = *found.front();
  if (instance.state == InstanceState::shutting_down || instance.state == InstanceState::terminated)
    return refuse("IncorrectInstanceState", "The instance '" + id +
                                                "' is not in a state from which its metadata "
                                                "options can be modified");
  TRY_ASSIGN(const MetadataOptions changed,
             parse_metadata_options(call.form, instance.spec.metadata));
  if (changed.tags) TRY(check_metadata_keys(instance.spec.tags));
  instance.spec.metadata = changed;
  ++call.world.changes;
  XmlWriter xml;
  xml.text("instanceId", id);
  write_metadata(xml, "instanceMetadataOptions", changed, "pending");
  return xml.take();
}

Answer<std::string> create_tags(const Ec2Call& call) {
  TRY_ASSIGN(const aws::Tags tags, parse_tags(call.form));
  TRY_ASSIGN(const std::vector<FakeInstance*> instances,
             find_all(call.world, call.form.list("ResourceId")));
  if (tags.empty() || instances.empty())
    return refuse("MissingParameter", "The request must contain the parameters ResourceId and Tag");
  for (const FakeInstance* instance : instances) {
    aws::Tags all = instance->spec.tags;
    all.insert(tags.begin(), tags.end());
    if (all.size() > 50)
      return refuse("TagLimitExceeded", "The maximum number of tags for a resource is 50");
    if (instance->spec.metadata.tags) TRY(check_metadata_keys(tags));
  }
  for (FakeInstance* instance : instances)
    for (const auto& [key, value] : tags) instance->spec.tags[key] = value;
  ++call.world.changes;
  return XmlWriter().flag("return", true).take();
}

void write_reason(XmlWriter& xml, const FakeInstance& instance) {
  if (instance.reason_code.empty()) {
    xml.text("reason", "");
    return;
  }
  std::string at = iso8601(instance.reason_at);
  std::replace(at.begin(), at.end(), 'T', ' ');
  at.pop_back();
  const bool by_user = instance.reason_code == "Client.UserInitiatedShutdown";
  xml.text("reason", (by_user ? "User initiated" : instance.reason_code) + " (" + at + " GMT)");
  xml.open("stateReason").text("code", instance.reason_code);
  xml.text("message", instance.reason_code + ": " + instance.reason_message).close();
}

void write_network(XmlWriter& xml, const FakeInstance& instance) {
  const bool gone = instance.state == InstanceState::terminated;
  if (gone) return;
  xml.text("subnetId", instance.spec.subnet_id).text("vpcId", "vpc-0123456789abcdef0");
  xml.text("privateIpAddress", instance.private_address);
  if (!instance.public_address.empty()) xml.text("ipAddress", instance.public_address);
  xml.open("groupSet");
  for (const std::string& group : instance.spec.security_groups)
    xml.open("item").text("groupId", group).text("groupName", group).close();
  xml.close();
}

}  // namespace

void write_instance(XmlWriter& xml, const FakeInstance& instance, const FakeAwsOptions& options) {
  const auto type = options.instance_types.find(instance.spec.instance_type);
  xml.open("item").text("instanceId", instance.id.text).text("imageId", instance.spec.image_id);
  write_state(xml, "instanceState", instance.state);
  write_reason(xml, instance);
  xml.text("instanceType", instance.spec.instance_type);
  if (type != options.instance_types.end())
    xml.text("architecture", to_string(type->second.architecture));
  if (!instance.spec.key_name.empty()) xml.text("keyName", instance.spec.key_name);
  xml.text("launchTime", iso8601_millis(instance.launched_at));
  xml.open("placement").text("availabilityZone", instance.availability_zone);
  xml.text("tenancy", "default").close();
  if (instance.market == aws::Market::spot) xml.text("instanceLifecycle", "spot");
  if (!instance.client_token.empty()) xml.text("clientToken", instance.client_token.text);
  write_network(xml, instance);
  xml.tags(instance.spec.tags);
  write_metadata(xml, "metadataOptions", instance.spec.metadata, "applied");
  xml.close();
}

std::span<const Ec2Action> instance_actions() {
  static constexpr std::array<std::string_view, 5> k_describe = {
      "InstanceId.N", "Filter.N.Name", "Filter.N.Value.N", "MaxResults", "NextToken"};
  static constexpr std::array<std::string_view, 3> k_terminate = {"InstanceId.N", "SkipOsShutdown",
                                                                  "Force"};
  static constexpr std::array<std::string_view, 6> k_modify = {
      "InstanceId",           "HttpEndpoint",    "HttpTokens", "HttpPutResponseHopLimit",
      "InstanceMetadataTags", "HttpProtocolIpv6"};
  static constexpr std::array<std::string_view, 3> k_tag = {"ResourceId.N", "Tag.N.Key",
                                                            "Tag.N.Value"};
  static constexpr std::array<Ec2Action, 4> k_actions = {
      {{"DescribeInstances", Bucket::non_mutating, k_describe, false, false, describe_instances},
       {"TerminateInstances", Bucket::terminate_instances, k_terminate, false, false,
        terminate_instances},
       {"ModifyInstanceMetadataOptions", Bucket::modify_metadata, k_modify, false, false,
        modify_metadata},
       {"CreateTags", Bucket::create_tags, k_tag, false, false, create_tags}}};
  return k_actions;
}

}  // namespace mayfly::lab
