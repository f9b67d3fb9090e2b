#pragma once

// The permissions that mayfly needs of GitHub, as its API and as its settings name them
// (docs/permissions.md). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "github/client.h"

namespace mayfly::github {

struct Permission {
  std::string name;   // "organization_self_hosted_runners"
  std::string level;  // "read" or "write", which includes it
};

// In all, for runners in that scope; reads_pulls: a policy looks at pull requests; changes_runs:
// some are cancelled, or run again.
[[nodiscard]] std::vector<Permission> needed_permissions(Scope::Kind scope, bool reads_pulls,
                                                         bool changes_runs);

// "administration=write (repository permission "Administration": read and write)".
[[nodiscard]] std::string in_words(const Permission& permission);
// The same for each of an x-accepted-github-permissions: "a=write; b=read", made printable and
// short. What is no such list stays as it is.
[[nodiscard]] std::string permissions_in_words(std::string_view accepted);

}  // namespace mayfly::github
