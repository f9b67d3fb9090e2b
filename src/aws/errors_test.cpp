#include <doctest/doctest.h>

#include <vector>

#include "aws/client.h"

namespace mayfly {
namespace {

using aws::AwsFailure;
using aws::interpret;

struct Case {
  std::string code;
  int status;
  Code read;
  Code mutating;
};

// Every code of facts.md B3, with the status that EC2 gives it, and the neighbours that count.
const std::vector<Case> k_cases = {
    {"InsufficientInstanceCapacity", 500, Code::no_capacity, Code::no_capacity},
    {"InsufficientCapacityOnHost", 500, Code::no_capacity, Code::no_capacity},
    {"InsufficientAddressCapacity", 500, Code::no_capacity, Code::no_capacity},
    {"InsufficientVolumeCapacity", 500, Code::no_capacity, Code::no_capacity},
    {"InsufficientFreeAddressesInSubnet", 400, Code::no_capacity, Code::no_capacity},
    {"UnfulfillableCapacity", 400, Code::no_capacity, Code::no_capacity},
    {"SpotMaxPriceTooLow", 400, Code::no_capacity, Code::no_capacity},
    {"Unsupported", 400, Code::no_capacity, Code::no_capacity},
    {"UnsupportedOperation", 400, Code::no_capacity, Code::no_capacity},
    {"RequestLimitExceeded", 503, Code::aws_throttled, Code::aws_throttled},
    {"EC2ThrottledException", 503, Code::aws_throttled, Code::aws_throttled},
    {"Throttling", 400, Code::aws_throttled, Code::aws_throttled},
    {"ThrottlingException", 400, Code::aws_throttled, Code::aws_throttled},
    {"ThrottledException", 400, Code::aws_throttled, Code::aws_throttled},
    {"TooManyRequestsException", 429, Code::aws_throttled, Code::aws_throttled},
    {"MaxSpotInstanceCountExceeded", 400, Code::aws_quota, Code::aws_quota},
    {"MaxSpotFleetRequestCountExceeded", 400, Code::aws_quota, Code::aws_quota},
    {"TargetCapacityLimitExceededException", 400, Code::aws_quota, Code::aws_quota},
    {"VcpuLimitExceeded", 400, Code::aws_quota, Code::aws_quota},
    {"InstanceLimitExceeded", 400, Code::aws_quota, Code::aws_quota},
    {"ResourceLimitExceeded", 400, Code::aws_quota, Code::aws_quota},
    {"IdempotentParameterMismatch", 400, Code::aws_token_reused, Code::aws_token_reused},
    {"IdempotentInstanceTerminated", 400, Code::aws_token_reused, Code::aws_token_reused},
    {"UnauthorizedOperation", 403, Code::aws_denied, Code::aws_denied},
    {"AccessDenied", 403, Code::aws_denied, Code::aws_denied},
    {"AccessDeniedException", 400, Code::aws_denied, Code::aws_denied},
    {"AuthFailure.ServiceLinkedRoleCreationNotPermitted", 403, Code::aws_denied, Code::aws_denied},
    {"AuthFailure", 401, Code::aws_credentials, Code::aws_credentials},
    {"SignatureDoesNotMatch", 403, Code::aws_credentials, Code::aws_credentials},
    {"RequestExpired", 400, Code::aws_credentials, Code::aws_credentials},
    {"InvalidClientTokenId", 403, Code::aws_credentials, Code::aws_credentials},
    {"ExpiredToken", 403, Code::aws_credentials, Code::aws_credentials},
    {"ExpiredTokenException", 400, Code::aws_credentials, Code::aws_credentials},
    {"UnrecognizedClientException", 400, Code::aws_credentials, Code::aws_credentials},
    {"InvalidParameterValue", 400, Code::aws_config, Code::aws_config},
    {"InvalidParameterCombination", 400, Code::aws_config, Code::aws_config},
    {"InvalidAMIID.NotFound", 400, Code::aws_config, Code::aws_config},
    {"InvalidAMIID.Malformed", 400, Code::aws_config, Code::aws_config},
    {"InvalidAMIID.Unavailable", 400, Code::aws_config, Code::aws_config},
    {"InvalidKeyPair.NotFound", 400, Code::aws_config, Code::aws_config},
    {"InvalidSubnetID.NotFound", 400, Code::aws_config, Code::aws_config},
    {"InvalidGroup.NotFound", 400, Code::aws_config, Code::aws_config},
    {"InvalidLaunchTemplateName.NotFoundException", 400, Code::aws_config, Code::aws_config},
    {"InvalidFleetConfiguration", 400, Code::aws_config, Code::aws_config},
    {"InvalidInstanceID.Malformed", 400, Code::aws_config, Code::aws_config},
    {"NobodyKnowsThisOne", 400, Code::aws_config, Code::aws_config},
    {"InvalidInstanceID.NotFound", 400, Code::aws_not_found, Code::aws_not_found},
    {"ParameterNotFound", 400, Code::aws_not_found, Code::aws_not_found},
    {"InternalError", 500, Code::aws_unavailable, Code::aws_lost},
    {"InternalFailure", 500, Code::aws_unavailable, Code::aws_lost},
    {"ServerInternal", 500, Code::aws_unavailable, Code::aws_lost},
    {"ServiceUnavailable", 503, Code::aws_unavailable, Code::aws_lost},
    {"Unavailable", 503, Code::aws_unavailable, Code::aws_lost},
    {"NobodyKnowsThisOne", 500, Code::aws_unavailable, Code::aws_lost},
    {"", 502, Code::aws_unavailable, Code::aws_lost},
    // Inside a fleet's answer, where the status is that of the whole.
    {"InternalError", 200, Code::aws_unavailable, Code::aws_lost},
};

TEST_CASE("errors: every code of AWS has the meaning that the table of facts gives it") {
  for (const Case& c : k_cases) {
    CAPTURE(c.code);
    CAPTURE(c.status);
    CHECK(interpret({c.status, c.code, "why", false}, "ec2:X").code == c.read);
    CHECK(interpret({c.status, c.code, "why", true}, "ec2:X").code == c.mutating);
  }
}

TEST_CASE("errors: no capacity is for the next pool and never for the same request again") {
  const Error error = interpret({500, "InsufficientInstanceCapacity", "", true}, "ec2:CreateFleet");
  CHECK(error.kind() == ErrorKind::capacity);
}

TEST_CASE("errors: the message decides where one code means two things") {
  CHECK(interpret({400, "InvalidFleetConfiguration",
                   "Your requested instance type (c7i.metal) is not supported in your requested "
                   "Availability Zone (us-east-2c).",
                   true},
                  "ec2:CreateFleet")
            .code == Code::no_capacity);
  CHECK(interpret({401, "AuthFailure", "Not authorized for images: [ami-1]", true},
                  "ec2:RunInstances")
            .code == Code::aws_config);
}

TEST_CASE("errors: a message names the action, AWS's code and AWS's words") {
  CHECK(
      interpret({400, "VcpuLimitExceeded", "You have requested more vCPU", true}, "ec2:CreateFleet")
          .message == "ec2:CreateFleet: VcpuLimitExceeded: You have requested more vCPU");
  CHECK(interpret({502, "", "", false}, "ec2:DescribeInstances").message ==
        "ec2:DescribeInstances: HTTP 502 without an error code of AWS");
}

TEST_CASE("errors: a refusal says which action to allow, or how to make the role for spot") {
  const Error denied = interpret({403, "UnauthorizedOperation", "No.", true}, "ec2:CreateFleet");
  CHECK(denied.message.find("Allow ec2:CreateFleet") != std::string::npos);
  const Error role = interpret(
      {403, "AuthFailure.ServiceLinkedRoleCreationNotPermitted", "No.", true}, "ec2:CreateFleet");
  CHECK(role.message.find("aws iam create-service-linked-role --aws-service-name "
                          "spot.amazonaws.com") != std::string::npos);
}

TEST_CASE("errors: foreign text is made printable and cut") {
  const Error error =
      interpret({400, "Bad\ncode", std::string(5000, 'x') + "\x1b[2J", false}, "ec2:X");
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.message.find('\x1b') == std::string::npos);
  CHECK(error.message.size() < 600);
}

}  // namespace
}  // namespace mayfly
