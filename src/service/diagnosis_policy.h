#pragma once

// What the owner's policy for a repository means, in a sentence for `mayfly check`.

#include <string>

#include "config/config.h"

namespace mayfly {

// "serves runs of push, pull_request; of forks those whose authors ...; denies 2 accounts".
[[nodiscard]] std::string describe_policy(const RunPolicy& policy);

// Whether judging a fork's run takes a look at pull requests.
[[nodiscard]] bool looks_at_pulls(const RunPolicy& policy);

}  // namespace mayfly
