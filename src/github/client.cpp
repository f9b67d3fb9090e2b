#include "github/client.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <utility>

#include "base/text.h"
#include "github/call.h"
#include "github/parse.h"

namespace mayfly::github {
namespace {

constexpr int k_pages_max = 200;
// No wait is longer, so a longer one means that the wall clock was set back.
constexpr Millis k_closed_max = std::chrono::hours{1};

// How many of GitHub's hourly calls a purpose leaves to those that come before it.
std::int64_t kept_from(Purpose purpose, std::int64_t hourly) {
  switch (purpose) {
    case Purpose::asks:
      return hourly / 5;
    case Purpose::sweep:
      return hourly / 20;
    case Purpose::claims:
      return 0;
  }
  return 0;
}

// A token file with a line break in it would otherwise end the header.
bool fits_in_header(const std::string& token) {
  return !token.empty() &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

std::string url_of(const Settings& settings, const Call& call) {
  std::string url = settings.api_url + call.path;
  return call.query.empty() ? url : url + "?" + encode_query(call.query);
}

HttpRequest request_for(const std::string& url, const Call& call, const Settings& settings,
                        const Secret& token) {
  HttpRequest request;
  request.method = call.method;
  request.url = url;
  request.headers = {{"Accept", "application/vnd.github+json"},
                     {"Authorization", "Bearer " + token.reveal()},
                     {"X-GitHub-Api-Version", "2022-11-28"},
                     {"User-Agent", settings.user_agent}};
  if (!call.etag.empty()) request.headers.add("If-None-Match", call.etag);
  if (!call.body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = call.body;
  return request;
}

bool accepts(const Call& call, const HttpResponse& response) {
  return response.ok() || (response.status == 304 && !call.etag.empty());
}

}  // namespace

GithubClient::GithubClient(HttpTransport& transport, Clock& clock, TokenSource& tokens,
                           Settings settings)
    : transport_(transport),
      clock_(clock),
      tokens_(tokens),
      shared_(std::make_shared<Shared>(std::move(settings))),
      spent_(std::make_shared<Spent>(shared_->settings.calls_per_minute)) {}

GithubClient GithubClient::serving(Purpose purpose) const {
  GithubClient other(*this);
  other.purpose_ = purpose;
  return other;
}

std::optional<GithubClient> GithubClient::as_app() const {
  TokenSource* app = tokens_.as_app();
  if (app == nullptr) return std::nullopt;
  GithubClient other(transport_, clock_, *app, settings());
  other.purpose_ = purpose_;
  other.spent_ = spent_;
  return other;
}

class GithubClient::Counted {
 public:
  explicit Counted(GithubClient& client) : client_(client) {}
  ~Counted() {
    const SteadyTime now = client_.clock_.steady();
    const std::lock_guard lock(client_.spent_->mutex);
    client_.spent_->budget.finish(client_.purpose_, now);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  GithubClient& client_;
};

Status GithubClient::start_call() {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(spent_->mutex);
  const auto wait = spent_->budget.start(purpose_, now);
  if (!wait) return {};
  return fail(Error{Code::github_budget,
                    "the limit of " + std::to_string(spent_->budget.limit()) +
                        " calls to GitHub in a minute is reached",
                    *wait});
}

int GithubClient::calls_in_minute() const {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(spent_->mutex);
  return spent_->budget.calls(now);
}

RateLimit GithubClient::rate_limit() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->rate_limit;
}

Result<HttpResponse> GithubClient::send(const Call& call, SteadyTime deadline) {
  const std::string url = url_of(settings(), call);
  TRY_ASSIGN(HttpResponse response, send_to(url, call, deadline));
  if (is_redirect(response.status) && call.method == "GET") {
    TRY_ASSIGN(const std::string moved, redirect_target(url, response));
    TRY_ASSIGN(response, send_to(moved, call, deadline));
  }
  if (accepts(call, response)) return response;
  return fail(refusal(call, response));
}

Result<HttpResponse> GithubClient::send_to(const std::string& url, const Call& call,
                                           SteadyTime deadline) {
  TRY(check_open());
  TRY_ASSIGN(const Secret token, tokens_.token(deadline));
  TRY_ASSIGN(HttpResponse response, send_with(token, url, call, deadline));
  if (response.status != 401 || !tokens_.replace(token)) return response;
  TRY_ASSIGN(const Secret other, tokens_.token(deadline));
  return send_with(other, url, call, deadline);
}

Result<HttpResponse> GithubClient::send_with(const Secret& token, const std::string& url,
                                             const Call& call, SteadyTime deadline) {
  if (!fits_in_header(token.reveal()))
    return fail(Code::github_unauthorized, "the GitHub token is empty or has white space in it");
  TRY(start_call());
  const Counted counted(*this);
  auto response = transport_.send(request_for(url, call, settings(), token), deadline);
  if (!response) return fail(transport_error(call, response.error()));
  note_limits(*response);
  return std::move(*response);
}

Status GithubClient::check_open() {
  const WallTime now = clock_.wall();
  const std::lock_guard lock(shared_->mutex);
  std::optional<WallTime>& closed_until = shared_->rate_limit.closed_until;
  const Millis left = closed_until ? *closed_until - now : Millis{0};
  if (left > Millis{0} && left <= k_closed_max)
    return fail(
        Error{Code::github_throttled, "GitHub asked for a pause; not asked again yet", left});
  closed_until.reset();
  return check_hour(shared_->rate_limit, now);
}

// What GitHub still grants until its hour ends is used up by asks first; claims come last.
Status GithubClient::check_hour(const RateLimit& hour, WallTime now) const {
  if (!hour.limit || !hour.remaining || !hour.resets_at) return {};
  const Millis left = *hour.resets_at - now;
  if (*hour.remaining >= kept_from(purpose_, *hour.limit)) return {};
  if (left <= Millis{0} || left > k_closed_max) return {};
  return fail(Error{Code::github_budget,
                    "GitHub grants " + std::to_string(*hour.remaining) +
                        " more calls this hour, which are kept for what is more urgent",
                    left});
}

void GithubClient::note_limits(const HttpResponse& response) {
  const auto resource = response.headers.find("x-ratelimit-resource");
  const std::lock_guard lock(shared_->mutex);
  if (response.ok() || response.status == 304) shared_->refusals_in_a_row = 0;
  if (resource && *resource != "core") return;
  if (const auto limit = header_int(response, "x-ratelimit-limit"))
    shared_->rate_limit.limit = limit;
  if (const auto remaining = header_int(response, "x-ratelimit-remaining"))
    shared_->rate_limit.remaining = remaining;
  if (const auto reset = header_int(response, "x-ratelimit-reset"); reset && *reset < 1LL << 40)
    shared_->rate_limit.resets_at = wall_from_epoch_seconds(*reset);
}

Error GithubClient::refusal(const Call& call, const HttpResponse& response) {
  if (!is_rate_limited(response)) return status_error(call, response);
  const WallTime now = clock_.wall();
  const std::lock_guard lock(shared_->mutex);
  const Millis wait = rate_limit_wait(response, now, shared_->refusals_in_a_row);
  // Calls that were under way together are refused together: that counts once.
  const bool is_first =
      !shared_->rate_limit.closed_until || *shared_->rate_limit.closed_until <= now;
  if (is_first) ++shared_->refusals_in_a_row;
  shared_->rate_limit.closed_until =
      is_first ? now + wait : std::max(*shared_->rate_limit.closed_until, now + wait);
  return rate_limit_error(call, response, wait);
}

Result<json::array> GithubClient::read_list(Call call, std::string_view key, SteadyTime deadline) {
  call.query.emplace_back("per_page", "100");
  call.query.emplace_back("page", "1");
  json::array all;
  std::set<std::int64_t> seen;
  for (int page = 1; page <= k_pages_max; ++page) {
    call.query.back().second = std::to_string(page);
    TRY_ASSIGN(const HttpResponse response, send(call, deadline));
    TRY_ASSIGN(const json::object object, parse_object(response.body));
    TRY_ASSIGN(json::array elements, parse_list(object, key));
    for (json::value& element : elements)
      if (seen.insert(*json_int(element.get_object(), "id")).second) all.push_back(element);

    const auto next = next_page(response);
    if (!next) {
      // An element that moved to an earlier page between two requests was never seen.
      const std::int64_t total = json_int(object, "total_count").value_or(0);
      if (page > 1 && static_cast<std::int64_t>(all.size()) < total)
        return fail(Code::github_unavailable, "the list changed while it was read");
      return all;
    }
    if (*next != page + 1) return fail(Code::github_bad_answer, "the next page has a wrong number");
  }
  return fail(Code::github_bad_answer, "more than " + std::to_string(k_pages_max) + " pages");
}

}  // namespace mayfly::github
