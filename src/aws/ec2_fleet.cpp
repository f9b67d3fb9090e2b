#include "aws/ec2_call.h"
#include "aws/fleet_error.h"
#include "aws/fleet_request.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

// The parts of the answer that name where an item of it was tried.
struct Place {
  std::string instance_type;
  std::string subnet_id;
  std::string availability_zone;
};

Place place_of(pugi::xml_node item) {
  const pugi::xml_node overrides = item.child("launchTemplateAndOverrides").child("overrides");
  Place place{child_text(item, "instanceType"), child_text(overrides, "subnetId"),
              child_text(overrides, "availabilityZone")};
  if (place.instance_type.empty()) place.instance_type = child_text(overrides, "instanceType");
  return place;
}

Status read_launched(const Action& action, pugi::xml_node item, FleetResult& result) {
  const Place place = place_of(item);
  const Market market = child_text(item, "lifecycle") == "spot" ? Market::spot : Market::on_demand;
  for (const pugi::xml_node id_node : items(item, "instanceIds")) {
    auto id = parse_instance_id(id_node.text().get());
    if (!id) return fail(bad_answer(action, "an instance id is of the wrong form"));
    result.instances.push_back(
        {std::move(*id), place.instance_type, place.availability_zone, market, place.subnet_id});
  }
  return {};
}

FleetError read_error(pugi::xml_node item) {
  const Place place = place_of(item);
  return {child_text(item, "errorCode"), child_text(item, "errorMessage"), place.instance_type,
          place.subnet_id};
}

void add_override(QueryForm& form, std::size_t n, const FleetOverride& override_) {
  const std::string prefix = "LaunchTemplateConfigs.1.Overrides." + std::to_string(n);
  form.add(prefix + ".InstanceType", override_.instance_type)
      .add(prefix + ".SubnetId", override_.subnet_id);
  if (!override_.image_id.empty()) form.add(prefix + ".ImageId", override_.image_id);
}

void add_market(QueryForm& form, const CreateFleet& request) {
  const std::string target = "TargetCapacitySpecification";
  const bool is_spot = request.market == Market::spot;
  form.add_int(target + ".TotalTargetCapacity", request.count)
      .add_int(target + (is_spot ? ".SpotTargetCapacity" : ".OnDemandTargetCapacity"),
               request.count)
      .add(target + ".DefaultTargetCapacityType", to_string(request.market));
  if (is_spot)
    form.add("SpotOptions.AllocationStrategy", "price-capacity-optimized");
  else
    form.add("OnDemandOptions.AllocationStrategy", "lowest-price");
}

}  // namespace

Error interpret(const FleetError& error) {
  AwsFailure failure;
  failure.status = 200;
  failure.code = error.code;
  failure.message = error.message;
  return interpret(failure, "ec2:CreateFleet");
}

std::string_view to_string(Market market) { return market == Market::spot ? "spot" : "on-demand"; }

std::string encode(const CreateFleet& request) {
  QueryForm form = ec2_form("CreateFleet");
  form.add("Type", "instant").add("ClientToken", request.client_token.text);
  const std::string specification = "LaunchTemplateConfigs.1.LaunchTemplateSpecification";
  form.add(specification + ".LaunchTemplateName", request.launch_template_name)
      .add(specification + ".Version", request.launch_template_version);
  std::size_t n = 0;
  for (const FleetOverride& override_ : request.overrides) add_override(form, ++n, override_);
  add_market(form, request);
  add_tags(form, "TagSpecification.1", "instance", request.tags);
  return form.body();
}

// Values are percent-encoded, so no tag can hold the mark.
std::size_t overrides_in(std::string_view encoded) {
  constexpr std::string_view mark = ".SubnetId=";
  std::size_t count = 0;
  for (std::size_t at = encoded.find(mark); at != std::string_view::npos;
       at = encoded.find(mark, at + mark.size()))
    ++count;
  return count;
}

std::string image_in(std::string_view encoded) {
  const std::string_view mark = ".ImageId=";
  const std::size_t at = encoded.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = encoded.substr(at + mark.size());
  return percent_decode(rest.substr(0, rest.find('&'))).value_or("");
}

Result<FleetResult> Ec2Client::create_fleet(const std::string& encoded_body, SteadyTime deadline) {
  const Action action = ec2_change("CreateFleet");
  TRY_ASSIGN(const XmlAnswer answer, ec2_call(sender_, action, encoded_body, deadline));
  FleetResult result;
  result.fleet_id = child_text(answer.root(), "fleetId");
  for (const pugi::xml_node item : items(answer.root(), "fleetInstanceSet"))
    TRY(read_launched(action, item, result));
  for (const pugi::xml_node item : items(answer.root(), "errorSet"))
    result.errors.push_back(read_error(item));
  return result;
}

Status Ec2Client::may_create_fleet(const std::string& encoded_body, SteadyTime deadline) {
  return ec2_dry_run(sender_, ec2_change("CreateFleet"), encoded_body, false, deadline);
}

}  // namespace mayfly::aws
