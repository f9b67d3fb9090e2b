#include "lab/github/routes.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <span>

#include "base/text.h"

namespace mayfly::lab::rest {
namespace {

struct Pattern {
  std::string_view method;
  std::string_view path;
  Handler handler;
  Needs needs;
};

constexpr Pattern k_patterns[] = {
    {"GET", "/rate_limit", get_rate_limit, Needs::nothing},
    {"GET", "/repos/{}/{}", get_repository, Needs::nothing},
    {"GET", "/repos/{}/{}/pulls", list_pulls, Needs::nothing},
    {"GET", "/repos/{}/{}/pulls/{}/reviews", list_reviews, Needs::nothing},
    {"GET", "/repos/{}/{}/actions/runs", list_runs, Needs::nothing},
    {"GET", "/repos/{}/{}/actions/runs/{}", get_run, Needs::nothing},
    {"GET", "/repos/{}/{}/actions/runs/{}/jobs", list_run_jobs, Needs::nothing},
    {"POST", "/repos/{}/{}/actions/runs/{}/cancel", cancel_run, Needs::actions},
    {"POST", "/repos/{}/{}/actions/runs/{}/rerun-failed-jobs", rerun_failed_jobs, Needs::actions},
    {"GET", "/repos/{}/{}/actions/runs/{}/attempts/{}/jobs", list_attempt_jobs, Needs::nothing},
    {"GET", "/repos/{}/{}/actions/jobs/{}", get_job, Needs::nothing},
    {"POST", "/orgs/{}/actions/runners/generate-jitconfig", generate_jit_config, Needs::runners},
    {"POST", "/orgs/{}/actions/runners/registration-token", make_registration_token,
     Needs::runners},
    {"GET", "/orgs/{}/actions/runners", list_runners, Needs::runners},
    {"GET", "/orgs/{}/actions/runners/downloads", list_downloads, Needs::runners},
    {"GET", "/orgs/{}/actions/runners/{}", get_runner, Needs::runners},
    {"DELETE", "/orgs/{}/actions/runners/{}", delete_runner, Needs::runners},
    {"GET", "/orgs/{}/actions/runner-groups", list_groups, Needs::runners},
    {"POST", "/orgs/{}/actions/runner-groups", create_group, Needs::runners},
    {"GET", "/orgs/{}/actions/runner-groups/{}", get_group, Needs::runners},
    {"GET", "/orgs/{}/actions/runner-groups/{}/repositories", list_group_repositories,
     Needs::runners},
    {"POST", "/repos/{}/{}/actions/runners/generate-jitconfig", generate_jit_config,
     Needs::runners},
    {"POST", "/repos/{}/{}/actions/runners/registration-token", make_registration_token,
     Needs::runners},
    {"GET", "/repos/{}/{}/actions/runners", list_runners, Needs::runners},
    {"GET", "/repos/{}/{}/actions/runners/downloads", list_downloads, Needs::runners},
    {"GET", "/repos/{}/{}/actions/runners/{}", get_runner, Needs::runners},
    {"DELETE", "/repos/{}/{}/actions/runners/{}", delete_runner, Needs::runners},
    {"GET", "/orgs/{}/installation", find_installation, Needs::app},
    {"GET", "/repos/{}/{}/installation", find_installation, Needs::app},
    {"GET", "/app/installations/{}", get_installation, Needs::app},
    {"POST", "/app/installations/{}/access_tokens", make_installation_token, Needs::app},
    {"GET", "/app/hook/deliveries", list_deliveries, Needs::app},
    {"POST", "/app/hook/deliveries/{}/attempts", redeliver, Needs::app},
    {"POST", "/_runner/session", runner_session, Needs::nothing},
    {"POST", "/_runner/poll", runner_poll, Needs::nothing},
    {"POST", "/_runner/job", runner_job, Needs::nothing},
    {"POST", "/_runner/disconnect", runner_disconnect, Needs::nothing},
};

// The parts that stand at the {}, if all the others are equal.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              std::span<const std::string> parts) {
  const std::vector<std::string> wanted = split(pattern, '/');
  if (wanted.size() != parts.size()) return std::nullopt;
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (wanted[i] == "{}")
      arguments.push_back(parts[i]);
    else if (wanted[i] != parts[i])
      return std::nullopt;
  }
  return arguments;
}

std::size_t number_parameter(const Ask& ask, std::string_view name, std::size_t otherwise) {
  const auto text = ask.target.parameter(name);
  const auto number = text ? parse_int(*text) : std::nullopt;
  return number && *number > 0 ? static_cast<std::size_t>(*number) : otherwise;
}

std::string page_link(const Ask& ask, std::size_t page, std::string_view relation) {
  QueryParameters query;
  for (const auto& [name, value] : ask.target.query)
    if (name != "page") query.emplace_back(name, value);
  query.emplace_back("page", std::to_string(page));
  return "<" + ask.options.base_url + percent_encode(ask.target.path, true) + "?" +
         encode_query(query) + ">; rel=\"" + std::string(relation) + "\"";
}

struct Page {
  json::array shown;
  std::string links;
};

Page page_of(const Ask& ask, json::array all) {
  const std::size_t size = std::min(number_parameter(ask, "per_page", 30), ask.options.page_max);
  const std::size_t page = std::min<std::size_t>(number_parameter(ask, "page", 1), 1'000'000);
  const std::size_t last = std::max<std::size_t>((all.size() + size - 1) / size, 1);
  Page out;
  for (std::size_t i = (page - 1) * size; i < std::min(page * size, all.size()); ++i)
    out.shown.push_back(std::move(all[i]));
  if (page < last)
    out.links = page_link(ask, page + 1, "next") + ", " + page_link(ask, last, "last");
  if (page > 1) {
    if (!out.links.empty()) out.links += ", ";
    out.links += page_link(ask, 1, "first") + ", " + page_link(ask, page - 1, "prev");
  }
  return out;
}

HttpResponse with_links(HttpResponse response, const std::string& links) {
  if (!links.empty()) response.headers.add("Link", links);
  return response;
}

}  // namespace

std::optional<Route> find_route(std::string_view method, std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  for (const Pattern& pattern : k_patterns) {
    if (pattern.method != method) continue;
    if (auto arguments = match(pattern.path, parts))
      return Route{pattern.handler, pattern.needs, std::move(*arguments)};
  }
  return std::nullopt;
}

HttpResponse json_answer(int status, const json::value& body) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, json::serialize(body)};
}

HttpResponse refusal(int status, std::string_view message) {
  return json_answer(status, json::object{{"message", message},
                                          {"documentation_url", "https://docs.github.com/rest"},
                                          {"status", std::to_string(status)}});
}

HttpResponse not_found() { return refusal(404, "Not Found"); }

HttpResponse refusal(const Error& error) {
  switch (error.code) {
    case Code::github_unauthorized:
      return refusal(401, error.message);
    case Code::github_not_found:
      return refusal(404, error.message);
    case Code::github_conflict:
      return refusal(409, error.message);
    default:
      return refusal(422, error.message);
  }
}

HttpResponse paged_answer(const Ask& ask, std::string_view key, json::array all) {
  const std::size_t count = all.size();
  Page page = page_of(ask, std::move(all));
  return with_links(
      json_answer(200, json::object{{"total_count", count}, {key, std::move(page.shown)}}),
      page.links);
}

HttpResponse paged_array(const Ask& ask, json::array all) {
  Page page = page_of(ask, std::move(all));
  return with_links(json_answer(200, std::move(page.shown)), page.links);
}

}  // namespace mayfly::lab::rest
