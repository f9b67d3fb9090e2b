#include "lab/aws/ec2_actions.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::array<std::string_view, 3> k_common = {"Action", "Version", "DryRun"};

}  // namespace

const Ec2Action* find_ec2_action(std::string_view name) {
  for (const auto actions :
       {run_actions(), fleet_actions(), instance_actions(), image_actions(), template_actions()})
    for (const Ec2Action& action : actions)
      if (action.name == name) return &action;
  return nullptr;
}

Answer<void> check_parameters(const Ec2Action& action, const QueryForm& form) {
  std::vector<std::string> prefixed;
  std::vector<std::string_view> accepted(k_common.begin(), k_common.end());
  accepted.insert(accepted.end(), action.parameters.begin(), action.parameters.end());
  const auto launch = launch_parameters();
  if (action.takes_launch_parameters) accepted.insert(accepted.end(), launch.begin(), launch.end());
  if (action.takes_launch_template_data) {
    for (const std::string_view name : launch)
      prefixed.push_back("LaunchTemplateData." + std::string(name));
    accepted.insert(accepted.end(), prefixed.begin(), prefixed.end());
  }
  return form.accept_only(accepted);
}

Answer<ClientToken> parse_client_token(const QueryForm& form) {
  const std::string token = form.text("ClientToken");
  const bool ascii =
      std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (token.size() > 64 || !ascii)
    return refuse("InvalidParameterValue",
                  "The client token must be at most 64 ASCII characters long");
  return ClientToken{token};
}

Answer<void> check_capacity_error(const Ec2Call& call) {
  if (!call.world.draw_capacity_error()) return {};
  return refuse(500, "InsufficientInstanceCapacity",
                "We currently do not have sufficient capacity to fulfill your request.");
}

Answer<void> take_machine_tokens(const Ec2Call& call, Bucket bucket, std::size_t count) {
  if (call.world.options.throttling &&
      !call.throttle.take(bucket, static_cast<std::int64_t>(count), call.world.steady()))
    return refuse(503, "RequestLimitExceeded", "Request limit exceeded.");
  return {};
}

}  // namespace mayfly::lab
