// The runner groups of the organization: what GitHub's OpenAPI description says of them. How it
// refuses a name that is taken or a repository that is not there it does not say; here with 422.

#include <algorithm>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/text.h"
#include "lab/github/bodies.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

bool is_ours(const Ask& ask) {
  return to_lower(ask.arguments.at(0)) == to_lower(ask.options.organization);
}

std::vector<RepositoryName> repositories_of_organization(const GithubOptions& options) {
  const std::string start = to_lower(options.organization) + "/";
  std::vector<RepositoryName> out;
  for (const RepositoryName& repository : options.repositories)
    if (to_lower(repository.text).starts_with(start)) out.push_back(repository);
  return out;
}

tl::unexpected<Error> invalid(const std::string& why) {
  return fail(Code::github_refused, "Invalid request.\n\n" + why);
}

Result<std::vector<RepositoryName>> selected_repositories(const GithubOptions& options,
                                                          const json::object& body) {
  std::vector<RepositoryName> out;
  const json::array* ids = json_array(body, "selected_repository_ids");
  if (ids == nullptr) return out;
  const std::vector<RepositoryName> known = repositories_of_organization(options);
  for (const json::value& id : *ids) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const RepositoryName& one) {
      return id.is_int64() && id.get_int64() == repository_id(one.text);
    });
    if (found == known.end()) return invalid("\"selected_repository_ids\" names no repository.");
    out.push_back(*found);
  }
  return out;
}

Result<GithubGroup> wanted_group(const Ask& ask) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object()) return invalid("Problems parsing JSON");
  const json::object& object = body->get_object();
  GithubGroup group;
  group.name = json_string(object, "name").value_or("");
  if (group.name.empty()) return invalid("\"name\" wasn't supplied.");
  const std::string visibility = json_string(object, "visibility").value_or("all");
  if (visibility != "selected" && visibility != "all" && visibility != "private")
    return invalid("\"visibility\" is none of selected, all, private.");
  group.is_selective = visibility == "selected";
  group.allows_public = json_bool(object, "allows_public_repositories").value_or(false);
  TRY_ASSIGN(group.repositories, selected_repositories(ask.options, object));
  return group;
}

std::optional<GithubGroup> named_group(const Ask& ask, const GithubWorld& world) {
  const auto id = parse_int(ask.arguments.at(1));
  return is_ours(ask) && id ? world.find_group(*id) : std::nullopt;
}

}  // namespace

HttpResponse list_groups(const Ask& ask, GithubWorld& world) {
  if (!is_ours(ask)) return not_found();
  json::array groups;
  for (const GithubGroup& group : world.groups()) groups.push_back(group_body(ask.options, group));
  return paged_answer(ask, "runner_groups", std::move(groups));
}

HttpResponse get_group(const Ask& ask, GithubWorld& world) {
  const auto group = named_group(ask, world);
  return group ? json_answer(200, group_body(ask.options, *group)) : not_found();
}

HttpResponse create_group(const Ask& ask, GithubWorld& world) {
  if (!is_ours(ask)) return not_found();
  const auto made = wanted_group(ask).and_then(
      [&](GithubGroup wanted) { return world.add_group(std::move(wanted)); });
  return made ? json_answer(201, group_body(ask.options, *made)) : refusal(made.error());
}

HttpResponse list_group_repositories(const Ask& ask, GithubWorld& world) {
  const auto group = named_group(ask, world);
  if (!group) return not_found();
  json::array out;
  for (const RepositoryName& repository :
       group->is_selective ? group->repositories : repositories_of_organization(ask.options))
    out.push_back(repository_body(ask.options, repository.text));
  return paged_answer(ask, "repositories", std::move(out));
}

}  // namespace mayfly::lab::rest
