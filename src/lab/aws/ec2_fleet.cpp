// CreateFleet of type instant: one attempt over several pools, which may end with some machines,
// some errors, or both, in one answer with status 200 (facts.md B2).

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "lab/aws/ec2_actions.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_overrides_max = 300;
constexpr std::string_view k_resolve = "resolve:ssm:";
constexpr std::array<std::string_view, 1> k_types = {"instant"};
constexpr std::array<std::string_view, 2> k_markets = {"spot", "on-demand"};
constexpr std::array<std::string_view, 3> k_spot_strategies = {
    "lowest-price", "price-capacity-optimized", "capacity-optimized"};
constexpr std::array<std::string_view, 2> k_on_demand_strategies = {"lowest-price", "prioritized"};
constexpr std::array<std::string_view, 1> k_interruption = {"terminate"};
constexpr std::array<std::string_view, 3> k_resources = {"fleet", "instance", "volume"};

// One launch template with one override.
struct Candidate {
  LaunchSpec spec;
  std::string template_id;
  std::string version;
  std::optional<AwsFault> fault;
  std::vector<InstanceId> launched;
};

struct FleetOrder {
  aws::Market market = aws::Market::spot;
  std::string strategy;
  int count = 1;
  std::vector<Candidate> candidates;
};

LaunchSpec with_override(LaunchSpec spec, const QueryForm& item, const FakeAwsOptions& options) {
  spec.instance_type = item.text("InstanceType", spec.instance_type);
  spec.subnet_id = item.text("SubnetId", spec.subnet_id);
  spec.image_id = item.text("ImageId", spec.image_id);
  if (spec.image_id.starts_with(k_resolve)) {
    const auto parameter = options.parameters.find(spec.image_id.substr(k_resolve.size()));
    if (parameter != options.parameters.end()) spec.image_id = parameter->second.value;
  }
  if (spec.subnet_id.empty() && !options.subnets.empty())
    spec.subnet_id = options.subnets.begin()->first;
  return spec;
}

Answer<const FakeLaunchTemplate*> named_template(Ec2World& world, const QueryForm& specification) {
  const std::string name = specification.text("LaunchTemplateName");
  const std::string id = specification.text("LaunchTemplateId");
  const auto by_id = world.templates.find(id);
  const FakeLaunchTemplate* found =
      by_id != world.templates.end() ? &by_id->second : world.find_template_by_name(name);
  if (found != nullptr) return found;
  return refuse(
      id.empty() ? "InvalidLaunchTemplateName.NotFoundException"
                 : "InvalidLaunchTemplateId.NotFound",
      "The specified launch template, " + printable(id.empty() ? name : id) + ", does not exist.");
}

Answer<void> read_config(const Ec2Call& call, const QueryForm& config, const aws::Tags& tags,
                         std::vector<Candidate>& candidates) {
  const QueryForm specification = config.under("LaunchTemplateSpecification");
  TRY_ASSIGN(const FakeLaunchTemplate* found, named_template(call.world, specification));
  TRY_ASSIGN(const std::string version, specification.required("Version"));
  const auto number = found->version_number(version);
  if (!number)
    return refuse("InvalidLaunchTemplateId.VersionNotFound",
                  "Could not find the specified version " + printable(version) +
                      " for the launch template with ID " + found->id + ".");
  LaunchSpec base = found->versions[*number - 1].spec;
  for (const auto& [key, value] : tags) base.tags[key] = value;
  std::vector<QueryForm> overrides = config.items("Overrides");
  if (overrides.empty()) overrides.emplace_back();
  for (const QueryForm& item : overrides) {
    Candidate candidate{with_override(base, item, call.world.options),
                        found->id,
                        std::to_string(*number),
                        std::nullopt,
                        {}};
    if (const auto fits = check_launchable(candidate.spec, call.world.options); !fits)
      candidate.fault = fits.error();
    candidates.push_back(std::move(candidate));
  }
  return {};
}

// One market a fleet: what is asked for beside the total must be all of it.
Answer<void> read_target(const QueryForm& target, FleetOrder& order) {
  TRY(target.required("TotalTargetCapacity"));
  TRY_ASSIGN(const std::int64_t count, target.number("TotalTargetCapacity", 1, 1, 1000));
  TRY_ASSIGN(const std::string market, target.word("DefaultTargetCapacityType", k_markets));
  order.count = static_cast<int>(count);
  order.market = market == "spot" ? aws::Market::spot : aws::Market::on_demand;
  const bool spot = order.market == aws::Market::spot;
  TRY_ASSIGN(const std::int64_t of_spot,
             target.number("SpotTargetCapacity", spot ? count : 0, 0, 1000));
  TRY_ASSIGN(const std::int64_t on_demand,
             target.number("OnDemandTargetCapacity", spot ? 0 : count, 0, 1000));
  if (of_spot != (spot ? count : 0) || on_demand != (spot ? 0 : count))
    return refuse("InvalidTargetCapacitySpecification",
                  "The emulated fleets are of one market: its capacity must be the total");
  return {};
}

Answer<FleetOrder> parse_order(const Ec2Call& call) {
  FleetOrder order;
  TRY(call.form.required("Type"));
  TRY(call.form.word("Type", k_types));
  TRY(read_target(call.form.under("TargetCapacitySpecification"), order));
  TRY_ASSIGN(const std::string spot_strategy,
             call.form.word("SpotOptions.AllocationStrategy", k_spot_strategies));
  TRY_ASSIGN(const std::string on_demand_strategy,
             call.form.word("OnDemandOptions.AllocationStrategy", k_on_demand_strategies));
  TRY(call.form.word("SpotOptions.InstanceInterruptionBehavior", k_interruption));
  TRY_ASSIGN(const aws::Tags tags, parse_tag_specifications(call.form, "instance", k_resources));
  order.strategy = order.market == aws::Market::spot ? spot_strategy : on_demand_strategy;

  for (const QueryForm& config : call.form.items("LaunchTemplateConfigs"))
    TRY(read_config(call, config, tags, order.candidates));
  if (order.candidates.empty())
    return refuse("MissingParameter",
                  "The request must contain the parameter "
                  "LaunchTemplateConfigs");
  if (order.candidates.size() > k_overrides_max)
    return refuse("InvalidParameterValue", "At most 300 launch template overrides may be given");
  return order;
}

Pool pool_of(const Candidate& candidate, aws::Market market) {
  return {candidate.spec.instance_type, candidate.spec.subnet_id, market};
}

int room_of(const Ec2World& world, const Candidate& candidate, aws::Market market) {
  return world.room_in(pool_of(candidate, market)).value_or(std::numeric_limits<int>::max());
}

// The pool to launch the next machine in; nullptr: none has room.
Candidate* best(const Ec2World& world, FleetOrder& order) {
  Candidate* chosen = nullptr;
  const bool by_room = order.strategy.ends_with("capacity-optimized");
  const auto better = [&](const Candidate& a, const Candidate& b) {
    const int room_a = by_room ? room_of(world, a, order.market) : 0;
    const int room_b = by_room ? room_of(world, b, order.market) : 0;
    if (room_a != room_b) return room_a > room_b;
    return order.strategy != "prioritized" && world.price_per_hour(pool_of(a, order.market)) <
                                                  world.price_per_hour(pool_of(b, order.market));
  };
  for (Candidate& candidate : order.candidates) {
    if (candidate.fault || room_of(world, candidate, order.market) == 0) continue;
    if (chosen == nullptr || better(candidate, *chosen)) chosen = &candidate;
  }
  return chosen;
}

void blame(Candidate& candidate, bool spot, bool quota) {
  if (candidate.fault) return;
  if (quota) {
    candidate.fault =
        spot ? AwsFault{400, "MaxSpotInstanceCountExceeded", "Max spot instance count exceeded"}
             : AwsFault{400, "VcpuLimitExceeded",
                        "You have requested more vCPU capacity than your current vCPU limit."};
  } else if (candidate.launched.empty()) {
    candidate.fault =
        AwsFault{500, "InsufficientInstanceCapacity",
                 spot ? "There is no Spot capacity available that matches your request."
                      : "We currently do not have sufficient capacity in the Availability Zone "
                        "you requested."};
  } else {
    candidate.fault = AwsFault{400, "UnfulfillableCapacity",
                               "Unable to fulfill capacity due to your request configuration. "
                               "Please adjust your request and try again."};
  }
}

void fill(const Ec2Call& call, FleetOrder& order, const ClientToken& token,
          const std::string& fleet_id) {
  for (int i = 0; i < order.count; ++i) {
    const bool no_quota = call.world.quota_left(order.market) == 0;
    Candidate* candidate = no_quota ? nullptr : best(call.world, order);
    if (candidate == nullptr) {
      for (Candidate& tried : order.candidates)
        blame(tried, order.market == aws::Market::spot, no_quota);
      return;
    }
    candidate->launched.push_back(
        call.world.launch(candidate->spec, order.market, token, fleet_id).id);
  }
  // A whole fleet tells of the pools that it passed over, too.
  for (Candidate& candidate : order.candidates)
    if (candidate.launched.empty() && room_of(call.world, candidate, order.market) == 0)
      blame(candidate, order.market == aws::Market::spot, false);
}

void write_candidate(XmlWriter& xml, const Candidate& candidate, const Ec2Call& call,
                     aws::Market market) {
  const LaunchSpec& spec = candidate.spec;
  const auto zone = call.world.options.subnets.find(spec.subnet_id);
  xml.open("launchTemplateAndOverrides").open("launchTemplateSpecification");
  xml.text("launchTemplateId", candidate.template_id).text("version", candidate.version).close();
  xml.open("overrides").text("instanceType", spec.instance_type).text("subnetId", spec.subnet_id);
  if (zone != call.world.options.subnets.end()) xml.text("availabilityZone", zone->second);
  xml.text("imageId", spec.image_id).close().close();
  xml.text("lifecycle", market == aws::Market::spot ? "spot" : "on-demand");
}

std::string render(const Ec2Call& call, const FleetOrder& order, const std::string& fleet_id) {
  XmlWriter xml;
  xml.text("fleetId", fleet_id).open("errorSet");
  for (const Candidate& candidate : order.candidates) {
    if (!candidate.fault) continue;
    xml.open("item");
    write_candidate(xml, candidate, call, order.market);
    xml.text("errorCode", candidate.fault->code).text("errorMessage", candidate.fault->message);
    xml.close();
  }
  xml.close().open("fleetInstanceSet");
  for (const Candidate& candidate : order.candidates) {
    if (candidate.launched.empty()) continue;
    xml.open("item");
    write_candidate(xml, candidate, call, order.market);
    xml.open("instanceIds");
    for (const InstanceId& id : candidate.launched) xml.text("item", id.text);
    xml.close().text("instanceType", candidate.spec.instance_type).close();
  }
  return xml.close().take();
}

Answer<std::string> make_fleet(const Ec2Call& call, const ClientToken& token) {
  TRY_ASSIGN(FleetOrder order, parse_order(call));
  TRY(check_capacity_error(call));
  TRY(take_machine_tokens(call, Bucket::launched_machines, static_cast<std::size_t>(order.count)));
  const std::string fleet_id = call.world.new_id("fleet-");
  fill(call, order, token, fleet_id);
  return render(call, order, fleet_id);
}

Answer<std::string> create_fleet(const Ec2Call& call) {
  return once_per_token(call, "",
                        [&](const ClientToken& token) { return make_fleet(call, token); });
}

}  // namespace

std::span<const Ec2Action> fleet_actions() {
  static constexpr std::array<std::string_view, 18> k_create = {
      "Type",
      "ClientToken",
      "TargetCapacitySpecification.TotalTargetCapacity",
      "TargetCapacitySpecification.DefaultTargetCapacityType",
      "TargetCapacitySpecification.SpotTargetCapacity",
      "TargetCapacitySpecification.OnDemandTargetCapacity",
      "SpotOptions.AllocationStrategy",
      "SpotOptions.InstanceInterruptionBehavior",
      "OnDemandOptions.AllocationStrategy",
      "LaunchTemplateConfigs.N.LaunchTemplateSpecification.LaunchTemplateName",
      "LaunchTemplateConfigs.N.LaunchTemplateSpecification.LaunchTemplateId",
      "LaunchTemplateConfigs.N.LaunchTemplateSpecification.Version",
      "LaunchTemplateConfigs.N.Overrides.N.InstanceType",
      "LaunchTemplateConfigs.N.Overrides.N.SubnetId",
      "LaunchTemplateConfigs.N.Overrides.N.ImageId",
      "TagSpecification.N.ResourceType",
      "TagSpecification.N.Tag.N.Key",
      "TagSpecification.N.Tag.N.Value"};
  static constexpr std::array<Ec2Action, 1> k_actions = {
      {{"CreateFleet", Bucket::mutating, k_create, false, false, create_fleet}}};
  return k_actions;
}

}  // namespace mayfly::lab
