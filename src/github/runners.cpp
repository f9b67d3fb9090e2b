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

std::string jit_body(const JitRequest& request) {
  json::array labels;
  for (const std::string& label : request.labels) labels.emplace_back(label);
  return json::serialize(json::object{{"name", request.name},
                                      {"runner_group_id", request.runner_group_id},
                                      {"labels", std::move(labels)}});
}

}  // namespace

Call GithubClient::runners_call(std::string_view below) const {
  const Scope& scope = settings().scope;
  const bool is_organization = scope.kind == Scope::Kind::organization;
  Call call;
  call.path = is_organization ? "/orgs/" + percent_encode(scope.organization)
                              : "/repos/" + percent_encode(scope.repository.text, true);
  call.path += "/actions/runners" + std::string(below);
  call.permission = is_organization ? "organization \"Self-hosted runners: write\""
                                    : "repository \"Administration: write\"";
  call.hides_denial = true;
  return call;
}

Result<JitConfig> GithubClient::generate_jit_config(const JitRequest& request,
                                                    SteadyTime deadline) {
  Call call = runners_call("/generate-jitconfig");
  call.method = "POST";
  call.body = jit_body(request);
  TRY_ASSIGN(const HttpResponse response, send(call, deadline));
  auto config = parse_object(response.body).and_then(parse_jit_config);
  // GitHub said yes: the runner is there, even if we cannot read the rest.
  if (!config) return fail(Code::github_lost, config.error().message);
  return config;
}

Result<std::vector<Runner>> GithubClient::list_runners(SteadyTime deadline) {
  TRY_ASSIGN(const json::array array, read_list(runners_call(""), "runners", deadline));
  return parse_each<Runner>(array, parse_runner);
}

Result<std::optional<Runner>> GithubClient::find_runner(const std::string& name,
                                                        SteadyTime deadline) {
  Call call = runners_call("");
  call.query = {{"name", name}};
  TRY_ASSIGN(const json::array array, read_list(std::move(call), "runners", deadline));
  TRY_ASSIGN(std::vector<Runner> runners, parse_each<Runner>(array, parse_runner));
  for (Runner& runner : runners)
    if (runner.name == name) return std::optional<Runner>(std::move(runner));
  return std::optional<Runner>();
}

Status GithubClient::delete_runner(RunnerId id, SteadyTime deadline) {
  Call call = runners_call("/" + std::to_string(id));
  call.method = "DELETE";
  call.hides_denial = false;
  const auto response = send(call, deadline);
  if (response || response.error().code == Code::github_not_found) return {};
  return fail(response.error());
}

Result<std::vector<RunnerDownload>> GithubClient::list_downloads(SteadyTime deadline) {
  TRY_ASSIGN(const HttpResponse response, send(runners_call("/downloads"), deadline));
  return parse_downloads(response.body);
}

}  // namespace mayfly::github
