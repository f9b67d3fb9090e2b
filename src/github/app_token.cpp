#include "github/app_token.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"
#include "github/call.h"
#include "github/parse.h"
#include "github/permissions.h"
#include "http/date.h"

namespace mayfly::github {
namespace {

constexpr Millis k_backdated = Seconds{60};
constexpr Millis k_jwt_life = std::chrono::minutes{8};  // with k_backdated less than GitHub's ten
constexpr Millis k_token_life_max = std::chrono::hours{1};
constexpr Millis k_renew_before_max = std::chrono::minutes{10};
constexpr int k_renew_before_part = 6;  // of a shorter life
constexpr Millis k_use_until_before_end = Seconds{30};
constexpr Millis k_attempt_pause = Seconds{5};
constexpr Millis k_waiting_step{20};
constexpr Millis k_skew_that_matters = Seconds{5};
constexpr std::size_t k_repositories_max = 500;  // that GitHub lets a token be narrowed to
constexpr std::size_t k_token_bytes_max = 8192;

std::string owner_of(const RepositoryName& repository) {
  return repository.text.substr(0, repository.text.find('/'));
}

std::string account_of(const Scope& scope) {
  return scope.kind == Scope::Kind::organization ? scope.organization : owner_of(scope.repository);
}

std::optional<WallTime> date_of(const HttpResponse& response) {
  const auto date = response.headers.find("date");
  return date ? parse_http_date(trim(*date)) : std::nullopt;
}

HttpRequest request_for(const Call& call, const AppSettings& settings, const std::string& jwt) {
  HttpRequest request;
  request.method = call.method;
  request.url = settings.api_url + call.path;
  request.headers = {{"Accept", "application/vnd.github+json"},
                     {"Authorization", "Bearer " + jwt},
                     {"X-GitHub-Api-Version", "2022-11-28"},
                     {"User-Agent", settings.user_agent}};
  if (!call.body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = call.body;
  return request;
}

// A token too many harms nobody: what was lost here may be asked again.
Error harmless(Error error) {
  if (error.code == Code::github_lost) error.code = Code::github_unavailable;
  return error;
}

Error answer_error(const Call& call, const HttpResponse& response, WallTime now) {
  if (is_rate_limited(response))
    return rate_limit_error(call, response, rate_limit_wait(response, now, 0));
  Error error = harmless(status_error(call, response));
  if (error.code == Code::github_unauthorized)
    error.message += "; it does not accept github.app_id with github.app_private_key";
  return error;
}

// Of those that are needed, what the installation does not have: in words.
std::string missing_of(const json::object& granted, const std::vector<Permission>& needed) {
  std::string missing;
  for (const Permission& one : needed) {
    const std::string has = json_string(granted, one.name).value_or("");
    if (has == one.level || has == "write" || has == "admin") continue;
    missing += (missing.empty() ? "" : "; ") + in_words(one);
  }
  return missing;
}

std::string installation_path(std::int64_t id) {
  return "/app/installations/" + std::to_string(id);
}

}  // namespace

std::string app_jwt(const RsaKey& key, const std::string& app_id, WallTime now) {
  const std::string header = R"({"alg":"RS256","typ":"JWT"})";
  const json::object payload{{"iat", epoch_seconds(now - k_backdated)},
                             {"exp", epoch_seconds(now + k_jwt_life)},
                             {"iss", app_id}};
  const std::string claims =
      base64url_encode(header) + "." + base64url_encode(json::serialize(payload));
  return claims + "." + base64url_encode(key.sign(claims));
}

AppToken::AppToken(HttpTransport& transport, Clock& clock, RsaKey key, AppSettings settings)
    : transport_(transport),
      clock_(clock),
      key_(std::move(key)),
      settings_(std::move(settings)),
      installation_id_(settings_.installation_id) {}

Result<Secret> AppToken::token(SteadyTime deadline) {
  while (true) {
    Result<Secret> answer;
    switch (take_turn(answer)) {
      case Turn::answered:
        return answer;
      case Turn::fetch:
        return keep(fetch(deadline));
      case Turn::wait:
        if (clock_.steady() >= deadline)
          return fail(Code::github_unavailable, "GitHub gave no installation token in time");
        clock_.sleep_for(k_waiting_step);
    }
  }
}

bool AppToken::serves(Millis ahead) const {
  return kept_ && clock_.steady() + ahead < kept_->until &&
         clock_.wall() + ahead < kept_->wall_until;
}

AppToken::Turn AppToken::take_turn(Result<Secret>& answer) {
  const std::lock_guard lock(mutex_);
  const bool must_rest = clock_.steady() < next_attempt_;
  if (serves(kept_ ? kept_->renew_before : Millis{0}) ||
      (serves(k_use_until_before_end) && (is_fetching_ || must_rest))) {
    answer = kept_->token;
    return Turn::answered;
  }
  if (is_fetching_) return Turn::wait;
  if (must_rest) {
    answer = fail(last_error_);
    return Turn::answered;
  }
  is_fetching_ = true;
  return Turn::fetch;
}

Result<Secret> AppToken::keep(Result<Kept> fetched) {
  const std::lock_guard lock(mutex_);
  is_fetching_ = false;
  if (fetched) {
    kept_ = std::move(*fetched);
    return kept_->token;
  }
  last_error_ = fetched.error();
  next_attempt_ =
      clock_.steady() + std::max(last_error_.retry_after.value_or(Millis{0}), k_attempt_pause);
  if (serves(k_use_until_before_end)) return kept_->token;
  return fail(last_error_);
}

bool AppToken::replace(const Secret& refused) {
  const std::lock_guard lock(mutex_);
  if (!kept_) return true;
  if (kept_->token.reveal() != refused.reveal()) return true;  // another caller was quicker
  // One that is new was not refused for its age: the next one would fare no better.
  if (clock_.steady() - kept_->since < k_attempt_pause) return false;
  kept_.reset();
  return true;
}

Result<std::string> AppToken::describe(SteadyTime deadline) {
  TRY_ASSIGN(const Secret token, this->token(deadline));
  TRY_ASSIGN(const std::int64_t id, installation(deadline));
  const std::lock_guard lock(mutex_);
  const auto left = kept_ ? std::max<Millis>(kept_->until - clock_.steady(), Millis{0}) : Millis{0};
  return "App " + settings_.app_id + ", installation " + std::to_string(id) + " of " +
         account_of(settings_.scope) + "; a token for " +
         std::to_string(left / std::chrono::minutes{1}) + " minutes";
}

Result<AppToken::Kept> AppToken::fetch(SteadyTime deadline) {
  TRY_ASSIGN(const std::int64_t id, installation(deadline));
  const SteadyTime since = clock_.steady();
  Call call{.method = "POST", .path = installation_path(id) + "/access_tokens"};
  call.body = token_request();
  auto response = send_as_app(call, deadline);
  if (response) return read_token(*response, since);
  if (response.error().code == Code::github_not_found && settings_.installation_id == 0) {
    // Taken away, and perhaps installed anew.
    const std::lock_guard lock(mutex_);
    installation_id_ = 0;
  }
  return fail(explain(std::move(response).error(), id, deadline));
}

Result<AppToken::Kept> AppToken::read_token(const HttpResponse& response, SteadyTime since) const {
  TRY_ASSIGN(const json::object body, parse_object(response.body));
  const auto token = json_string(body, "token");
  const auto written = json_string(body, "expires_at");
  const auto expires_at = written ? parse_iso8601(*written) : std::nullopt;
  if (!token || token->empty() || token->size() > k_token_bytes_max || !expires_at)
    return fail(Code::github_bad_answer, "an installation token lacks its text or its end");
  const WallTime now = clock_.wall();
  const Millis life = std::clamp<Millis>(*expires_at - date_of(response).value_or(now), Millis{0},
                                         k_token_life_max);
  const Millis renew_before = std::min(k_renew_before_max, life / k_renew_before_part);
  return Kept{Secret(*token), since, since + life, now + life, renew_before};
}

Result<std::int64_t> AppToken::installation(SteadyTime deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (installation_id_ != 0) return installation_id_;
  }
  const Scope& scope = settings_.scope;
  const std::string whose = scope.kind == Scope::Kind::organization
                                ? "/orgs/" + scope.organization
                                : "/repos/" + scope.repository.text;
  auto response = send_as_app({.path = whose + "/installation"}, deadline);
  if (!response && response.error().code == Code::github_not_found)
    return fail(Code::github_not_found, "the App is not installed for " +
                                            whose.substr(whose.find('/', 1) + 1) + ": " +
                                            response.error().message);
  TRY(response);
  TRY_ASSIGN(const json::object body, parse_object(response->body));
  const auto id = json_int(body, "id");
  if (!id || *id <= 0) return fail(Code::github_bad_answer, "an installation without an id");
  const std::lock_guard lock(mutex_);
  installation_id_ = *id;
  return *id;
}

Result<HttpResponse> AppToken::send_as_app(const Call& call, SteadyTime deadline) {
  TRY_ASSIGN(HttpResponse response, send_once(call, deadline));
  if (response.status == 401 && learn_skew(response)) {
    TRY_ASSIGN(response, send_once(call, deadline));
  }
  if (response.ok()) return response;
  return fail(answer_error(call, response, clock_.wall()));
}

std::string AppToken::jwt() {
  WallTime now = clock_.wall();
  {
    const std::lock_guard lock(mutex_);
    now += skew_;
  }
  return app_jwt(key_, settings_.app_id, now);
}

Result<HttpResponse> AppToken::send_once(const Call& call, SteadyTime deadline) {
  auto response = transport_.send(request_for(call, settings_, jwt()), deadline);
  if (!response) return fail(harmless(transport_error(call, response.error())));
  return std::move(*response);
}

bool AppToken::learn_skew(const HttpResponse& response) {
  const auto theirs = date_of(response);
  if (!theirs) return false;
  const Millis skew = *theirs - clock_.wall();
  const std::lock_guard lock(mutex_);
  const bool is_news = std::chrono::abs(skew - skew_) > k_skew_that_matters;
  if (is_news) skew_ = skew;
  return is_news;
}

// GitHub says that a permission is missing, but not which.
Error AppToken::explain(Error error, std::int64_t id, SteadyTime deadline) {
  if (error.code != Code::github_refused && error.code != Code::github_forbidden) return error;
  const auto response = send_as_app({.path = installation_path(id)}, deadline);
  const auto body = response ? parse_object(response->body) : fail(error);
  if (!body) return error;
  const json::object* granted = json_object(*body, "permissions");
  const std::string missing = granted != nullptr ? missing_of(*granted, needed()) : "";
  if (!missing.empty())
    return {Code::github_forbidden, error.message + "; the App's installation lacks " + missing,
            error.retry_after};
  return error;
}

std::vector<Permission> AppToken::needed() const {
  return needed_permissions(settings_.scope.kind, settings_.reads_pulls, settings_.changes_runs);
}

std::string AppToken::token_request() const {
  json::object permissions;
  for (const Permission& one : needed()) permissions[one.name] = one.level;
  json::array repositories;
  const std::string account = to_lower(account_of(settings_.scope));
  for (const RepositoryName& one : settings_.repositories)
    if (to_lower(owner_of(one)) == account)
      repositories.emplace_back(one.text.substr(one.text.find('/') + 1));
  json::object body{{"permissions", std::move(permissions)}};
  if (!repositories.empty() && repositories.size() <= k_repositories_max)
    body["repositories"] = std::move(repositories);
  return json::serialize(body);
}

}  // namespace mayfly::github
