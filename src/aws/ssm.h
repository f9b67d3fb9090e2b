#pragma once

// SSM Parameter Store: image ids that AWS and Canonical publish, and secrets by name.

#include <string>

#include "aws/client.h"
#include "base/result.h"
#include "base/secret.h"

namespace mayfly::aws {

class SsmClient {
 public:
  explicit SsmClient(SignedSender& sender) : sender_(sender) {}

  // Decrypts SecureString. aws_not_found when there is no such parameter.
  [[nodiscard]] Result<Secret> get_parameter(const std::string& name, SteadyTime deadline);

 private:
  SignedSender& sender_;
};

}  // namespace mayfly::aws
