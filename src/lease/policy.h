#pragma once

// The owner's word on whose runs are served: events, workflow files, forks and accounts. Judged
// by what GitHub says of the run and its pull request alone; the caller's request has no part in
// it. docs/policies.md says what each rule can and cannot keep away.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  std::vector<std::string> events = {};     // empty: any
  std::vector<std::string> workflows = {};  // paths such as ".github/workflows/ci.yml"; empty: any
  Forks forks = Forks::allow;
  std::vector<std::string> denied_actors = {};  // logins, without case
};

// GitHub's facts about the pull request that a fork's run belongs to (author_association of pulls
// and reviews; GitHub REST "List pull requests" and "List reviews for a pull request").
struct PullFacts {
  std::int64_t number = 0;
  std::string author_association;  // "OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE", ...
  bool head_is_approved = false;   // by an owner, member or collaborator, of the very commit
};

// One review, in GitHub's words; an empty text where GitHub says nothing.
struct ReviewFacts {
  std::string author;
  std::string author_association;
  std::string state;   // "APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED", "PENDING"
  std::string commit;  // what the reviewer saw
};

// OWNER, MEMBER or COLLABORATOR. GitHub does not say whether they may write: a member of the
// organization counts who may only read.
[[nodiscard]] bool is_member(std::string_view author_association);

// Whether somebody of the repository has approved this very commit, and has not asked for changes
// or been dismissed since. in_order: oldest first, as GitHub lists them.
[[nodiscard]] bool is_head_approved(const std::vector<ReviewFacts>& in_order,
                                    const std::string& head_sha);

// Of several open pull requests of one head, to different branches, the one that says most for it:
// GitHub does not tell which of them a run belongs to.
[[nodiscard]] std::optional<PullFacts> best_of(const std::vector<PullFacts>& pulls);

// Whether the code is one of those that judge() refuses with.
[[nodiscard]] bool is_policy_refusal(Code code);

// Whether the pull request must be looked up before the run can be judged: not where the run is
// refused without it.
[[nodiscard]] bool needs_pull_request(const RunPolicy& policy, const RunFacts& run);

// Ok, or the first rule that the run does not meet: actor-, event-, workflow- or fork-not-allowed.
// pull: none where GitHub knows no open pull request of the run's head. What GitHub does not say of
// the run does not speak for it.
[[nodiscard]] Status judge(const RunPolicy& policy, const RunFacts& run,
                           const std::optional<PullFacts>& pull);

}  // namespace mayfly
