#pragma once

// SSM Parameter Store over JSON 1.1: GetParameter alone.

#include <string>
#include <string_view>

#include "lab/aws/aws_fault.h"
#include "lab/aws/aws_options.h"

namespace mayfly::lab {

// The JSON answer to a request with this X-Amz-Target and body. A SecureString that is not asked
// for with WithDecryption comes back unreadable, as from AWS.
[[nodiscard]] Answer<std::string> answer_ssm(std::string_view target, std::string_view body,
                                             const FakeAwsOptions& options);

}  // namespace mayfly::lab
