#include "lab/github/fake_github.h"

#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "lab/github/routes.h"

namespace mayfly::lab {
namespace {

// What follows the scheme, where that is one of the two that GitHub takes.
std::optional<std::string_view> credential_of(const HttpRequest& request) {
  const auto header = request.headers.find("authorization");
  if (!header) return std::nullopt;
  const std::size_t space = header->find(' ');
  const std::string scheme = to_lower(header->substr(0, space));
  if (space == std::string_view::npos || (scheme != "bearer" && scheme != "token"))
    return std::string_view();
  return header->substr(space + 1);
}

std::string version_of(const HttpRequest& request) {
  return std::string(request.headers.find("x-github-api-version").value_or("2022-11-28"));
}

HttpResponse lacks(const std::string& name, const std::string& level) {
  HttpResponse response = rest::refusal(403, "Resource not accessible by integration");
  response.headers.add("X-Accepted-GitHub-Permissions", name + "=" + level);
  return response;
}

// A GET that the caller already knows becomes a 304.
HttpResponse with_etag(const HttpRequest& request, HttpResponse response) {
  if (request.method != "GET" || response.status != 200) return response;
  const std::string etag = "W/\"" + sha256_hex(response.body) + "\"";
  if (request.headers.find("if-none-match") == etag) response = {304, {}, ""};
  response.headers.add("ETag", etag);
  return response;
}

}  // namespace

FakeGithub::FakeGithub(Clock& clock, Entropy& entropy, GithubOptions options)
    : clock_(clock),
      entropy_(entropy),
      options_(std::move(options)),
      on_exchange_(options_.on_exchange),
      world_(options_),
      budget_(options_.calls_per_hour, options_.points_per_minute),
      anonymous_budget_(options_.anonymous_calls_per_hour, options_.points_per_minute) {}

HttpResponse FakeGithub::handle(const HttpRequest& request) {
  const Fresh fresh{entropy_.hex(32), entropy_.hex(8)};
  HttpResponse response =
      with_world([&](GithubWorld&, WallTime now) { return answer(request, fresh, now); });
  if (on_exchange_) on_exchange_(request, response);
  return response;
}

FakeGithub::Caller FakeGithub::caller_of(const HttpRequest& request, WallTime now) const {
  const auto given = credential_of(request);
  if (!given) return {};
  if (!options_.token.empty() && equal_in_constant_time(*given, options_.token.reveal()))
    return {Kind::owner};
  if (const Permissions* granted = world_.app_tokens().find(*given, now))
    return {Kind::installation, *granted};
  if (!options_.app || !given->starts_with("ey")) return {Kind::impostor, {}, "Bad credentials"};
  std::string fault = fault_of_jwt(*options_.app, *given, now);
  const Kind kind = fault.empty() ? Kind::app : Kind::impostor;
  return {kind, {}, std::move(fault)};
}

HttpResponse FakeGithub::answer(const HttpRequest& request, const Fresh& fresh, WallTime now) {
  const auto target = parse_target(request.url);
  if (!target) return rest::refusal(400, "Bad Request");
  if (target->path.starts_with("/_runner/")) return answer_route(request, *target, fresh, now, {});
  HttpResponse response = answer_api(request, *target, fresh, now);
  response.headers.add("Date", http_date(now));
  response.headers.add("X-GitHub-Request-Id", fresh.request_id);
  response.headers.add("X-GitHub-Api-Version-Selected", version_of(request));
  return response;
}

HttpResponse FakeGithub::answer_api(const HttpRequest& request, const Target& target,
                                    const Fresh& fresh, WallTime now) {
  const Caller caller = caller_of(request, now);
  const bool is_stranger = caller.kind == Kind::anonymous || caller.kind == Kind::impostor;
  RateBudget& budget = is_stranger ? anonymous_budget_ : budget_;
  HttpResponse response;
  if (auto limited = budget.take(request.method, now)) {
    response = std::move(*limited);
  } else if (!request.headers.find("user-agent")) {
    response =
        rest::refusal(403, "Request forbidden by administrative rules. Set a User-Agent header.");
  } else if (version_of(request) != "2022-11-28" && version_of(request) != "2026-03-10") {
    response = rest::refusal(400, "This API version does not exist");
  } else if (caller.kind == Kind::impostor) {
    response = rest::refusal(401, caller.fault);
  } else {
    response = with_etag(request, answer_route(request, target, fresh, now, caller));
    if (response.status == 304 || target.path == "/rate_limit") budget.give_back();
  }
  budget.add_headers(response.headers);
  return response;
}

HttpResponse FakeGithub::answer_route(const HttpRequest& request, const Target& target,
                                      const Fresh& fresh, WallTime now, const Caller& caller) {
  const auto route = rest::find_route(request.method, target.path);
  if (!route) return rest::not_found();
  if (caller.kind == Kind::app && route->needs != rest::Needs::app)
    return rest::refusal(401, "A JSON web token authenticates the App, which cannot do this");
  if (caller.kind != Kind::app && route->needs == rest::Needs::app)
    return rest::refusal(401, "A JSON web token could not be decoded");
  if (route->needs == rest::Needs::runners || route->needs == rest::Needs::actions) {
    if (caller.kind == Kind::anonymous) return rest::refusal(401, "Requires authentication");
    const std::string name = route->needs == rest::Needs::actions ? "actions"
                             : target.path.starts_with("/orgs/")
                                 ? "organization_self_hosted_runners"
                                 : "administration";
    const std::string level = request.method == "GET" ? "read" : "write";
    if (caller.kind == Kind::installation && !includes(caller.permissions, name, level))
      return lacks(name, level);
  }
  const RateBudget& budget = caller.kind == Kind::anonymous ? anonymous_budget_ : budget_;
  const rest::Ask ask{request, target, route->arguments, now, fresh.random, options_, budget};
  return route->handler(ask, world_);
}

RunId FakeGithub::start_run(RunSpec spec) {
  return with_world(
      [&](GithubWorld& world, WallTime now) { return world.start_run(std::move(spec), now); });
}

RunId FakeGithub::next_run_id() {
  return with_world([](GithubWorld& world, WallTime) { return world.next_run_id(); });
}

Status FakeGithub::begin_job(JobId id) {
  return with_world([&](GithubWorld& world, WallTime now) { return world.begin_job(id, now); });
}

Status FakeGithub::complete_job(JobId id, const std::string& conclusion) {
  return with_world(
      [&](GithubWorld& world, WallTime now) { return world.complete_job(id, conclusion, now); });
}

Status FakeGithub::cancel_run(RunId id) {
  return with_world([&](GithubWorld& world, WallTime now) { return world.cancel_run(id, now); });
}

Status FakeGithub::approve_run(RunId id) {
  return with_world([&](GithubWorld& world, WallTime now) { return world.approve_run(id, now); });
}

Result<int> FakeGithub::rerun(RunId id, Rerun which, const std::string& by) {
  return with_world(
      [&](GithubWorld& world, WallTime now) { return world.rerun(id, which, now, by); });
}

bool FakeGithub::vanish(RunnerId id) {
  return with_world([&](GithubWorld& world, WallTime) { return world.vanish(id); });
}

void FakeGithub::revoke_app_tokens() {
  with_world([](GithubWorld& world, WallTime) { world.app_tokens().revoke_all(); });
}

void FakeGithub::with_pulls(const std::function<void(GithubPulls&, WallTime)>& fn) {
  with_world([&](GithubWorld& world, WallTime now) { fn(world.pulls(), now); });
}

void FakeGithub::with_deliveries(const std::function<void(HookDeliveries&, WallTime)>& fn) {
  with_world([&](GithubWorld& world, WallTime now) { fn(world.deliveries(), now); });
}

void FakeGithub::configure(const std::function<void(GithubOptions&)>& change) {
  with_world([&](GithubWorld&, WallTime) {
    change(options_);
    budget_.set_limits(options_.calls_per_hour, options_.points_per_minute);
    anonymous_budget_.set_limits(options_.anonymous_calls_per_hour, options_.points_per_minute);
  });
}

std::optional<SteadyTime> FakeGithub::next_change() {
  return with_world([&](const GithubWorld& world, WallTime now) -> std::optional<SteadyTime> {
    const auto next = world.next_change(now);
    if (!next) return std::nullopt;
    return clock_.steady() + (*next - now);
  });
}

void FakeGithub::disconnect(RunnerId id) {
  with_world([&](GithubWorld& world, WallTime) { world.disconnect(id); });
}

std::vector<GithubRun> FakeGithub::runs() {
  return with_world([](const GithubWorld& world, WallTime) {
    std::vector<GithubRun> out;
    for (const auto& [id, run] : world.runs()) out.push_back(run);
    return out;
  });
}

RunOutcome FakeGithub::outcome(RunId id) {
  return with_world([&](const GithubWorld& world, WallTime) {
    const GithubRun* run = world.find_run(id);
    return run != nullptr ? world.outcome(*run) : RunOutcome{};
  });
}

std::vector<GithubJob> FakeGithub::jobs(RunId id) {
  return with_world([&](const GithubWorld& world, WallTime) {
    const GithubRun* run = world.find_run(id);
    return run != nullptr ? world.jobs_of(*run, run->attempt) : std::vector<GithubJob>();
  });
}

std::vector<GithubRunner> FakeGithub::runners() {
  return with_world([](const GithubWorld& world, WallTime) {
    std::vector<GithubRunner> out;
    for (const auto& [id, runner] : world.runners()) out.push_back(runner);
    return out;
  });
}

std::optional<GithubRunner> FakeGithub::find_runner_by_name(const std::string& name) {
  return with_world([&](const GithubWorld& world, WallTime) -> std::optional<GithubRunner> {
    const GithubRunner* found = world.find_runner_by_name(name);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  });
}

std::optional<GithubJob> FakeGithub::job_of_runner(const std::string& name) {
  return with_world([&](const GithubWorld& world, WallTime) -> std::optional<GithubJob> {
    const GithubJob* found = world.job_of_runner(name);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  });
}

void FakeGithub::for_each_runner(const std::function<void(const GithubRunner&, bool)>& fn) {
  with_world([&](const GithubWorld& world, WallTime now) {
    for (const auto& [id, runner] : world.runners()) fn(runner, world.is_online(runner, now));
  });
}

const GithubWorld& FakeGithub::world() {
  return *with_world([](const GithubWorld& world, WallTime) { return &world; });
}

}  // namespace mayfly::lab
