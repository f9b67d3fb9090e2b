#pragma once

// The paths the fake GitHub answers at, and the small pieces every answer is made of. A handler
// sees one request with its path arguments and the world, under FakeGithub's lock.

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/url.h"
#include "lab/github/github_world.h"
#include "lab/github/rate_budget.h"

namespace mayfly::lab::rest {

namespace json = boost::json;

struct Ask {
  const HttpRequest& request;
  const Target& target;
  std::vector<std::string> arguments;  // of the route's {} in order
  WallTime now;
  const std::string& random;  // 64 hex digits, new for each request
  const GithubOptions& options;
  const RateBudget& budget;
};

using Handler = HttpResponse (*)(const Ask& ask, GithubWorld& world);

enum class Needs {
  nothing,
  runners,  // a credential with the permission for the runners of the path's scope
  actions,  // one that may change runs
  app,      // the App's JWT, and nothing else
};

struct Route {
  Handler handler;
  Needs needs;
  std::vector<std::string> arguments;
};

[[nodiscard]] std::optional<Route> find_route(std::string_view method, std::string_view path);

// GitHub's shape of an error: message, documentation_url, status.
[[nodiscard]] HttpResponse refusal(int status, std::string_view message);
[[nodiscard]] HttpResponse refusal(const Error& error);
[[nodiscard]] HttpResponse not_found();
[[nodiscard]] HttpResponse json_answer(int status, const json::value& body);
// One page of all, as {"total_count", key: [...]}, with Link where there are more.
[[nodiscard]] HttpResponse paged_answer(const Ask& ask, std::string_view key, json::array all);

// The same as a bare array, as older calls answer.
[[nodiscard]] HttpResponse paged_array(const Ask& ask, json::array all);

// Pull requests.
[[nodiscard]] HttpResponse list_pulls(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_reviews(const Ask& ask, GithubWorld& world);

// Runs and jobs.
[[nodiscard]] HttpResponse get_repository(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_runs(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_run(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse cancel_run(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse rerun_failed_jobs(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_run_jobs(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_attempt_jobs(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_job(const Ask& ask, GithubWorld& world);

// Runners; one argument (organization) or two (owner, repository) name their scope.
[[nodiscard]] HttpResponse generate_jit_config(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse make_registration_token(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_runners(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_downloads(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_runner(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse delete_runner(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_groups(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_group(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse create_group(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_group_repositories(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_rate_limit(const Ask& ask, GithubWorld& world);

// The App itself (facts.md A5).
[[nodiscard]] HttpResponse find_installation(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse get_installation(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse make_installation_token(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse list_deliveries(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse redeliver(const Ask& ask, GithubWorld& world);

// The runner's own side: ours, not GitHub's. Every body is a JSON object.
//   POST /_runner/session {"runner_id","secret"}   200 {"session"}; 401, 409 one is open, 410 gone
//   POST /_runner/poll {"session"}                 200 {"job":{...}} until it is started; 204, 410
//   POST /_runner/job {"session","job_id","event":"started"|"completed","conclusion"}  200; 409,
//   410 POST /_runner/disconnect {"session"}           200; 410
[[nodiscard]] HttpResponse runner_session(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse runner_poll(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse runner_job(const Ask& ask, GithubWorld& world);
[[nodiscard]] HttpResponse runner_disconnect(const Ask& ask, GithubWorld& world);

}  // namespace mayfly::lab::rest
