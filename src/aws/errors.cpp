#include <algorithm>
#include <array>

#include "aws/client.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

constexpr std::size_t k_message_max = 400;

struct Row {
  std::string_view aws_code;  // a '*' at the end stands for anything
  Code code;
  std::string_view message_part = {};  // if not empty, must occur in the message
};

// The first row that fits. Sources: facts.md B2, B3; peers.md for the fleet's own codes.
constexpr auto k_table = std::to_array<Row>({
    {"InsufficientInstanceCapacity", Code::no_capacity},
    {"InsufficientCapacity*", Code::no_capacity},
    {"InsufficientHostCapacity", Code::no_capacity},
    {"InsufficientAddressCapacity", Code::no_capacity},
    {"InsufficientVolumeCapacity", Code::no_capacity},
    {"InsufficientFreeAddressesInSubnet", Code::no_capacity},
    {"UnfulfillableCapacity", Code::no_capacity},
    {"SpotMaxPriceTooLow", Code::no_capacity},
    {"Unsupported", Code::no_capacity},
    {"UnsupportedOperation", Code::no_capacity},
    // How a fleet says that a zone does not have the type.
    {"InvalidFleetConfig*", Code::no_capacity, "Availability Zone"},

    {"RequestLimitExceeded", Code::aws_throttled},
    {"EC2ThrottledException", Code::aws_throttled},
    {"Throttl*", Code::aws_throttled},
    {"RequestThrottled*", Code::aws_throttled},
    {"TooManyRequests*", Code::aws_throttled},
    {"SlowDown", Code::aws_throttled},
    {"ProvisionedThroughputExceeded*", Code::aws_throttled},

    {"MaxSpotInstanceCountExceeded", Code::aws_quota},
    {"MaxSpotFleetRequestCountExceeded", Code::aws_quota},
    {"TargetCapacityLimitExceeded*", Code::aws_quota},
    {"VcpuLimitExceeded", Code::aws_quota},
    {"InstanceLimitExceeded", Code::aws_quota},
    {"ResourceLimitExceeded", Code::aws_quota},
    {"VolumeLimitExceeded", Code::aws_quota},
    {"AddressLimitExceeded", Code::aws_quota},
    {"ResourceCountExceeded", Code::aws_quota},
    {"LimitExceeded*", Code::aws_quota},

    {"IdempotentParameterMismatch*", Code::aws_token_reused},
    {"IdempotentInstanceTerminated", Code::aws_token_reused},

    {"AuthFailure.ServiceLinkedRoleCreationNotPermitted", Code::aws_denied},
    {"UnauthorizedOperation", Code::aws_denied},
    {"AccessDenied*", Code::aws_denied},

    // An image that is not shared with the account, of all things, has the code of a bad signature.
    {"AuthFailure", Code::aws_config, "Not authorized for images"},
    {"AuthFailure", Code::aws_credentials},
    {"SignatureDoesNotMatch", Code::aws_credentials},
    {"InvalidSignature*", Code::aws_credentials},
    {"IncompleteSignature*", Code::aws_credentials},
    {"RequestExpired", Code::aws_credentials},
    {"InvalidClientTokenId", Code::aws_credentials},
    {"InvalidAccessKeyId", Code::aws_credentials},
    {"UnrecognizedClient*", Code::aws_credentials},
    {"ExpiredToken*", Code::aws_credentials},
    {"InvalidIdentityToken*", Code::aws_credentials},
    {"MissingAuthenticationToken*", Code::aws_credentials},

    {"InvalidInstanceID.NotFound", Code::aws_not_found},
    {"ParameterNotFound", Code::aws_not_found},
});

// The codes that say only that AWS failed, of the many 5xx: no word on whether the action happened.
constexpr auto k_outages = std::to_array<std::string_view>(
    {"InternalError", "InternalFailure", "InternalServerError", "Internal", "ServerInternal",
     "ServiceUnavailable", "Unavailable"});

bool matches(const Row& row, const AwsFailure& failure) {
  const bool is_prefix = row.aws_code.ends_with('*');
  const std::string_view name = row.aws_code.substr(0, row.aws_code.size() - (is_prefix ? 1 : 0));
  const bool same_code = is_prefix ? failure.code.starts_with(name) : failure.code == name;
  return same_code && failure.message.find(row.message_part) != std::string::npos;
}

Code code_of(const AwsFailure& failure) {
  const auto* row = std::find_if(k_table.begin(), k_table.end(),
                                 [&](const Row& r) { return matches(r, failure); });
  if (row != k_table.end()) return row->code;
  const bool is_outage = failure.status >= 500 || std::find(k_outages.begin(), k_outages.end(),
                                                            failure.code) != k_outages.end();
  if (is_outage) return failure.mutating ? Code::aws_lost : Code::aws_unavailable;
  return Code::aws_config;
}

std::string remedy(const AwsFailure& failure, std::string_view doing) {
  if (failure.code == "AuthFailure.ServiceLinkedRoleCreationNotPermitted")
    return " The account has no role for spot yet; create it once: aws iam "
           "create-service-linked-role --aws-service-name spot.amazonaws.com";
  return " Allow " + std::string(doing) + ", and what it needs, to mayfly's role.";
}

}  // namespace

Error interpret(const AwsFailure& failure, std::string_view doing) {
  Error error{code_of(failure), std::string(doing) + ": "};
  if (failure.code.empty())
    error.message += "HTTP " + std::to_string(failure.status) + " without an error code of AWS";
  else
    error.message += printable(failure.code);
  if (!failure.message.empty()) error.message += ": " + printable(failure.message, k_message_max);
  if (error.code == Code::aws_denied) error.message += remedy(failure, doing);
  return error;
}

}  // namespace mayfly::aws
