#include "lab/github/fake_github.h"

#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "lab/github/routes.h"

namespace mayfly::lab {
namespace {

enum class Caller { owner, anonymous, impostor };

Caller caller_of(const HttpRequest& request, const Secret& token) {
  const auto header = request.headers.find("authorization");
  if (!header) return Caller::anonymous;
  const std::size_t space = header->find(' ');
  const std::string scheme = to_lower(header->substr(0, space));
  const std::string_view given =
      space == std::string_view::npos ? std::string_view() : header->substr(space + 1);
  const bool is_right = (scheme == "bearer" || scheme == "token") && !token.empty() &&
                        equal_in_constant_time(given, token.reveal());
  return is_right ? Caller::owner : Caller::impostor;
}

std::string version_of(const HttpRequest& request) {
  return std::string(request.headers.find("x-github-api-version").value_or("2022-11-28"));
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

HttpResponse FakeGithub::answer(const HttpRequest& request, const Fresh& fresh, WallTime now) {
  const auto target = parse_target(request.url);
  if (!target) return rest::refusal(400, "Bad Request");
  if (target->path.starts_with("/_runner/"))
    return answer_route(request, *target, fresh, now, true);
  HttpResponse response = answer_api(request, *target, fresh, now);
  response.headers.add("X-GitHub-Request-Id", fresh.request_id);
  response.headers.add("X-GitHub-Api-Version-Selected", version_of(request));
  return response;
}

HttpResponse FakeGithub::answer_api(const HttpRequest& request, const Target& target,
                                    const Fresh& fresh, WallTime now) {
  const Caller caller = caller_of(request, options_.token);
  RateBudget& budget = caller == Caller::owner ? budget_ : anonymous_budget_;
  HttpResponse response;
  if (auto limited = budget.take(request.method, now)) {
    response = std::move(*limited);
  } else if (!request.headers.find("user-agent")) {
    response =
        rest::refusal(403, "Request forbidden by administrative rules. Set a User-Agent header.");
  } else if (version_of(request) != "2022-11-28" && version_of(request) != "2026-03-10") {
    response = rest::refusal(400, "This API version does not exist");
  } else if (caller == Caller::impostor) {
    response = rest::refusal(401, "Bad credentials");
  } else {
    response =
        with_etag(request, answer_route(request, target, fresh, now, caller == Caller::anonymous));
    if (response.status == 304 || target.path == "/rate_limit") budget.give_back();
  }
  budget.add_headers(response.headers);
  return response;
}

HttpResponse FakeGithub::answer_route(const HttpRequest& request, const Target& target,
                                      const Fresh& fresh, WallTime now, bool is_anonymous) {
  const auto route = rest::find_route(request.method, target.path);
  if (!route) return rest::not_found();
  if (route->needs_token && is_anonymous) return rest::refusal(401, "Requires authentication");
  const RateBudget& budget = is_anonymous ? anonymous_budget_ : budget_;
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

void FakeGithub::with_pulls(const std::function<void(GithubPulls&, WallTime)>& fn) {
  with_world([&](GithubWorld& world, WallTime now) { fn(world.pulls(), now); });
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

void FakeGithub::for_each_run(const std::function<void(const GithubRun&)>& fn) {
  with_world([&](const GithubWorld& world, WallTime) {
    for (const auto& [id, run] : world.runs()) fn(run);
  });
}

}  // namespace mayfly::lab
