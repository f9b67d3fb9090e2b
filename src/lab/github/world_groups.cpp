#include <algorithm>

#include "base/text.h"
#include "lab/github/github_world.h"

namespace mayfly::lab {

std::vector<GithubGroup> GithubWorld::groups() const {
  std::vector<GithubGroup> out{
      {options_.group_id, "Default", false, {}, options_.group_allows_public}};
  out.insert(out.end(), made_groups_.begin(), made_groups_.end());
  return out;
}

std::optional<GithubGroup> GithubWorld::find_group(std::int64_t id) const {
  for (GithubGroup& group : groups())
    if (group.id == id) return std::move(group);
  return std::nullopt;
}

Result<GithubGroup> GithubWorld::add_group(GithubGroup group) {
  group.id = options_.group_id;
  for (const GithubGroup& other : groups()) {
    if (to_lower(other.name) == to_lower(group.name))
      return fail(Code::github_refused, "Runner group name is already taken");
    group.id = std::max(group.id, other.id + 1);
  }
  made_groups_.push_back(group);
  return group;
}

bool GithubWorld::group_serves(std::int64_t id, const RepositoryName& repository) const {
  const auto group = find_group(id);
  if (!group || !group->allows_public) return false;
  return !group->is_selective ||
         std::any_of(group->repositories.begin(), group->repositories.end(),
                     [&](const RepositoryName& selected) {
                       return to_lower(selected.text) == to_lower(repository.text);
                     });
}

}  // namespace mayfly::lab
