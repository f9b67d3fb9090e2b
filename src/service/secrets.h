#pragma once

// From a reference in the configuration to the secret itself.

#include "aws/ssm.h"
#include "base/secret.h"
#include "config/config.h"
#include "seam/clock.h"
#include "seam/environment.h"

namespace mayfly {

// Code::secret_unreadable naming the reference, never the value. White space around the value is
// dropped; an empty one is an error.
[[nodiscard]] Result<Secret> resolve(const SecretReference& reference, Environment& environment,
                                     aws::SsmClient& ssm, Clock& clock);

// As written in the configuration: "env:NAME".
[[nodiscard]] std::string to_string(const SecretReference& reference);

}  // namespace mayfly
