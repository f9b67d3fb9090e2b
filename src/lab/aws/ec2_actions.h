#pragma once

// The EC2 actions that the emulator has: one function each, pure on the world's state, answering
// the XML inside the envelope. FakeAws checks signature, parameter names, throttle and permission
// before it calls one.

#include <span>
#include <string>
#include <string_view>

#include "lab/aws/aws_fault.h"
#include "lab/aws/ec2_world.h"
#include "lab/aws/query_form.h"
#include "lab/aws/throttle.h"
#include "lab/aws/xml_writer.h"

namespace mayfly::lab {

struct Ec2Call {
  const QueryForm& form;
  Ec2World& world;
  Throttle& throttle;
};

struct Ec2Action {
  std::string_view name;
  Bucket bucket;
  std::span<const std::string_view> parameters;  // beside Action, Version and DryRun
  bool takes_launch_parameters = false;          // RunInstances: as they are
  bool takes_launch_template_data = false;       // below LaunchTemplateData
  Answer<std::string> (*run)(const Ec2Call& call);
};

[[nodiscard]] std::span<const Ec2Action> run_actions();       // RunInstances
[[nodiscard]] std::span<const Ec2Action> fleet_actions();     // CreateFleet
[[nodiscard]] std::span<const Ec2Action> instance_actions();  // Describe, Terminate, Modify, Tags
[[nodiscard]] std::span<const Ec2Action> image_actions();     // DescribeImages
[[nodiscard]] std::span<const Ec2Action> template_actions();  // launch templates

// nullptr: there is none.
[[nodiscard]] const Ec2Action* find_ec2_action(std::string_view name);
// UnknownParameter for anything the action does not take.
[[nodiscard]] Answer<void> check_parameters(const Ec2Action& action, const QueryForm& form);

// At most 64 ASCII characters; empty when absent (facts.md B2).
[[nodiscard]] Answer<ClientToken> parse_client_token(const QueryForm& form);
// The 5xx of facts.md B3 for a launch call, where options.capacity_errors has one left.
[[nodiscard]] Answer<void> check_capacity_error(const Ec2Call& call);
// One machine token each, where throttling is on.
[[nodiscard]] Answer<void> take_machine_tokens(const Ec2Call& call, Bucket bucket,
                                               std::size_t count);
// The <item> of instancesSet.
void write_instance(XmlWriter& xml, const FakeInstance& instance, const FakeAwsOptions& options);

// Runs `make` at the first use of a token and answers the same from then on;
// IdempotentParameterMismatch when the parameters differ. `scope` sets zonal tokens apart.
template <class Make>
Answer<std::string> once_per_token(const Ec2Call& call, const std::string& scope, Make&& make) {
  TRY_ASSIGN(const ClientToken token, parse_client_token(call.form));
  if (token.empty()) return make(token);
  const std::string key = call.form.text("Action") + ' ' + token.text + ' ' + scope;
  const std::string fingerprint = call.form.fingerprint();
  const auto known = call.world.remembered.find(key);
  if (known != call.world.remembered.end()) {
    known->second.last_needed = call.world.steady();
    if (known->second.fingerprint == fingerprint) return known->second.answer;
    return refuse("IdempotentParameterMismatch",
                  "Arguments on this idempotent request are inconsistent with arguments used in "
                  "previous request(s).");
  }
  TRY_ASSIGN(const std::string answer, make(token));
  call.world.remembered.emplace(key,
                                RememberedCall{fingerprint, answer, token, call.world.steady()});
  return answer;
}

}  // namespace mayfly::lab
