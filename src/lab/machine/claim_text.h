#pragma once

// What a machine gets for its claim: lines of "name value" from the service, and within them the
// JIT config as the emulated GitHub makes it (facts.md A1: base64 of a JSON map from file name to
// base64 content).

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace mayfly::lab {

struct ClaimText {
  std::string lease;       // the machine's own
  std::string repository;  // lower case
  RunId run_id = 0;
  bool is_shared = false;  // jobs of other runs may begin if the service says so
  std::string server;      // where the runner finds GitHub
  RunnerId runner_id = 0;
  std::string runner_name;
  std::string secret;
};

// What the service says is the machine's own lease; empty: nothing.
[[nodiscard]] std::string own_lease_in(std::string_view answer);
[[nodiscard]] std::optional<ClaimText> parse_claim_text(std::string_view answer);

}  // namespace mayfly::lab
