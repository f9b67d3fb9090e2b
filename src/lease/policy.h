#pragma once

// The owner's word on whose runs are served: events, workflow files, forks and accounts. Judged
// by what GitHub says of the run and its pull request alone; the caller's request has no part in
// it.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lease/entitlement.h"

namespace mayfly {

enum class Forks {
  allow,      // GitHub's own approval settings decide whose runs start
  deny,       // only runs of the repository's own branches
  returning,  // authors who had a commit merged before, and members
  approved,   // members' own, and heads that somebody of the repository approved in a review
};

struct RunPolicy {
  std::vector<std::string> events;     // empty: any
  std::vector<std::string> workflows;  // paths such as ".github/workflows/ci.yml"; empty: any
  Forks forks = Forks::allow;
  std::vector<std::string> denied_actors;  // logins, without case
};

// GitHub's facts about the pull request that a fork's run belongs to (author_association of pulls
// and reviews; GitHub REST "List pull requests" and "List reviews for a pull request").
struct PullFacts {
  std::int64_t number = 0;
  std::string author_association;  // "OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE", ...
  bool head_is_approved = false;   // by an owner, member or collaborator, of the very commit
};

// Whether the pull request must be looked up before the run can be judged.
[[nodiscard]] bool needs_pull_request(const RunPolicy& policy, const RunFacts& run);

// Ok, or the first rule that the run does not meet. pull: none where GitHub knows no open pull
// request of the run's head.
[[nodiscard]] Status judge(const RunPolicy& policy, const RunFacts& run,
                           const std::optional<PullFacts>& pull);

}  // namespace mayfly
