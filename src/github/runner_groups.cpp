#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"
#include "github/call.h"
#include "github/client.h"
#include "github/parse.h"

namespace mayfly::github {
namespace {

Result<RunnerGroup> parse_group(const json::object& object) {
  const auto id = json_int(object, "id");
  const auto name = json_string(object, "name");
  const auto visibility = json_string(object, "visibility");
  const auto allows_public = json_bool(object, "allows_public_repositories");
  if (!id || !name || !visibility || !allows_public)
    return fail(Code::github_bad_answer,
                "a runner group lacks its id, name, visibility or whether it is for public ones");
  return RunnerGroup{*id, *name, *visibility, *allows_public};
}

Result<Repository> parse_repository(const json::object& object) {
  const auto id = json_int(object, "id");
  const auto name = json_string(object, "full_name");
  const auto is_private = json_bool(object, "private");
  if (!id || !name || !is_private)
    return fail(Code::github_bad_answer,
                "a repository lacks its id, name or whether it is private");
  return Repository{*id, *name, *is_private};
}

std::string body_of(const NewRunnerGroup& group) {
  json::array ids;
  for (const std::int64_t id : group.repository_ids) ids.emplace_back(id);
  return json::serialize(
      json::object{{"name", group.name},
                   {"visibility", "selected"},
                   {"selected_repository_ids", std::move(ids)},
                   {"allows_public_repositories", group.allows_public_repositories}});
}

}  // namespace

Call GithubClient::groups_call(std::string_view below) const {
  Call call;
  call.path = "/orgs/" + percent_encode(settings().scope.organization) + "/actions/runner-groups" +
              std::string(below);
  call.permission = "organization \"Self-hosted runners: write\"";
  return call;
}

Result<RunnerGroup> GithubClient::get_runner_group(std::int64_t id, SteadyTime deadline) {
  TRY_ASSIGN(const HttpResponse response, send(groups_call("/" + std::to_string(id)), deadline));
  return parse_object(response.body).and_then(parse_group);
}

Result<std::vector<RunnerGroup>> GithubClient::list_runner_groups(SteadyTime deadline) {
  Call call = groups_call("");
  call.hides_denial = true;
  TRY_ASSIGN(const json::array array, read_list(std::move(call), "runner_groups", deadline));
  return parse_each<RunnerGroup>(array, parse_group);
}

Result<std::vector<Repository>> GithubClient::list_group_repositories(std::int64_t id,
                                                                      SteadyTime deadline) {
  TRY_ASSIGN(
      const json::array array,
      read_list(groups_call("/" + std::to_string(id) + "/repositories"), "repositories", deadline));
  return parse_each<Repository>(array, parse_repository);
}

Result<RunnerGroup> GithubClient::create_runner_group(const NewRunnerGroup& group,
                                                      SteadyTime deadline) {
  Call call = groups_call("");
  call.method = "POST";
  call.body = body_of(group);
  call.hides_denial = true;
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  auto made = parse_object(response.body).and_then(parse_group);
  if (!made) return fail(Code::github_lost, made.error().message);
  return made;
}

Result<Repository> GithubClient::get_repository(const RepositoryName& name, SteadyTime deadline) {
  Call call;
  call.path = "/repos/" + percent_encode(name.text, true);
  call.permission = "repository \"Metadata: read\"";
  call.hides_denial = true;
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  return parse_object(response.body).and_then(parse_repository);
}

}  // namespace mayfly::github
