// RunInstances: one pool a call (facts.md B2).

#include <algorithm>
#include <array>

#include "lab/aws/ec2_actions.h"

namespace mayfly::lab {
namespace {

constexpr std::int64_t k_count_max = 1000;
constexpr std::array<std::string_view, 2> k_market_types = {"on-demand", "spot"};
constexpr std::array<std::string_view, 1> k_spot_types = {"one-time"};
constexpr std::array<std::string_view, 1> k_interruption = {"terminate"};

struct Order {
  LaunchSpec spec;
  aws::Market market = aws::Market::on_demand;
  int min = 1;
  int max = 1;
};

Answer<Order> parse_order(const Ec2Call& call) {
  Order order;
  TRY_ASSIGN(order.spec, parse_launch_spec(call.form));
  // Without a subnet EC2 takes the default one.
  if (order.spec.subnet_id.empty() && !call.world.options.subnets.empty())
    order.spec.subnet_id = call.world.options.subnets.begin()->first;
  TRY(call.form.required("MinCount"));
  TRY(call.form.required("MaxCount"));
  TRY_ASSIGN(const std::int64_t max, call.form.number("MaxCount", 1, 1, k_count_max));
  TRY_ASSIGN(const std::int64_t min, call.form.number("MinCount", 1, 1, max));
  order.min = static_cast<int>(min);
  order.max = static_cast<int>(max);
  const QueryForm market = call.form.under("InstanceMarketOptions");
  TRY_ASSIGN(const std::string type, market.word("MarketType", k_market_types));
  TRY(market.word("SpotOptions.SpotInstanceType", k_spot_types));
  TRY(market.word("SpotOptions.InstanceInterruptionBehavior", k_interruption));
  order.market = type == "spot" ? aws::Market::spot : aws::Market::on_demand;
  return order;
}

// How many of the order there is room for, at least its min.
Answer<int> count_to_launch(const Ec2Call& call, const Order& order) {
  const bool spot = order.market == aws::Market::spot;
  const int quota = call.world.quota_left(order.market).value_or(order.max);
  if (quota < order.min)
    return spot ? refuse("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
                : refuse("VcpuLimitExceeded",
                         "You have requested more vCPU capacity than your current vCPU limit "
                         "allows for the instance bucket that the specified instance type "
                         "belongs to.");
  const Pool pool{order.spec.instance_type, order.spec.subnet_id, order.market};
  const int room = call.world.room_in(pool).value_or(order.max);
  if (room < order.min)
    return refuse(500, "InsufficientInstanceCapacity",
                  spot ? "There is no Spot capacity available that matches your request."
                       : "We currently do not have sufficient " + order.spec.instance_type +
                             " capacity in the Availability Zone you requested (" +
                             call.world.options.subnets.at(order.spec.subnet_id) + ").");
  return std::min({order.max, quota, room});
}

// Answers the reservation's id.
Answer<std::string> launch(const Ec2Call& call, const ClientToken& token) {
  TRY_ASSIGN(const Order order, parse_order(call));
  TRY(check_launchable(order.spec, call.world.options));
  TRY(check_capacity_error(call));
  TRY_ASSIGN(const int count, count_to_launch(call, order));
  TRY(take_machine_tokens(call, Bucket::launched_machines, static_cast<std::size_t>(count)));
  const std::string reservation = call.world.new_id("r-");
  for (int i = 0; i < count; ++i) call.world.launch(order.spec, order.market, token, reservation);
  return reservation;
}

// A token is zonal when a subnet is named: the same one in another zone launches again.
std::string zone_named(const Ec2Call& call) {
  const std::string subnet =
      call.form.text("SubnetId", call.form.text("NetworkInterface.1.SubnetId"));
  const auto found = call.world.options.subnets.find(subnet);
  return found == call.world.options.subnets.end() ? "" : found->second;
}

// A repeated call shows the instances as they are now, also when they are gone.
Answer<std::string> run_instances(const Ec2Call& call) {
  TRY_ASSIGN(const std::string reservation,
             once_per_token(call, zone_named(call),
                            [&](const ClientToken& token) { return launch(call, token); }));
  XmlWriter xml;
  xml.text("reservationId", reservation).text("ownerId", call.world.options.account);
  xml.open("groupSet").close().open("instancesSet");
  for (const auto& [id, instance] : call.world.instances)
    if (instance.reservation_id == reservation) write_instance(xml, instance, call.world.options);
  return xml.close().take();
}

}  // namespace

std::span<const Ec2Action> run_actions() {
  static constexpr std::array<std::string_view, 7> k_run = {
      "MinCount",
      "MaxCount",
      "ClientToken",
      "InstanceMarketOptions.MarketType",
      "InstanceMarketOptions.SpotOptions.SpotInstanceType",
      "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior",
      "InstanceMarketOptions.SpotOptions.MaxPrice"};
  static constexpr std::array<Ec2Action, 1> k_actions = {
      {{"RunInstances", Bucket::run_instances, k_run, true, false, run_instances}}};
  return k_actions;
}

}  // namespace mayfly::lab
