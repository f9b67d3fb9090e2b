#include "github/call.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/json.h"
#include "base/text.h"
#include "github/permissions.h"

namespace mayfly::github {
namespace {

constexpr Millis k_wait_min = Seconds{1};
constexpr Millis k_wait_max = std::chrono::hours{1};
constexpr Millis k_wait_unnamed = Seconds{60};
constexpr int k_doublings_max = 6;

std::string message_of(const HttpResponse& response) {
  const auto body = parse_json(response.body, upstream_json_limits());
  if (!body || !body->is_object()) return "";
  return json_string(body->get_object(), "message").value_or("");
}

std::string describe(const Call& call, const HttpResponse& response) {
  std::string text =
      "GitHub answered " + std::to_string(response.status) + " to " + call.method + " " + call.path;
  const std::string message = printable(message_of(response), 200);
  return message.empty() ? text : text + " (" + message + ")";
}

std::optional<Millis> retry_after(const HttpResponse& response) {
  const auto seconds = header_int(response, "retry-after");
  if (!seconds) return std::nullopt;
  return std::clamp<Millis>(Seconds{std::min<std::int64_t>(*seconds, 3600)}, k_wait_min,
                            k_wait_max);
}

Error forbidden(const Call& call, const HttpResponse& response, std::string text) {
  const auto accepted = response.headers.find("x-accepted-github-permissions");
  if (accepted && !accepted->empty())
    text += "; the credential needs " + permissions_in_words(*accepted);
  else if (!call.permission.empty())
    text += "; the credential needs " + call.permission;
  return {Code::github_forbidden, std::move(text)};
}

Error not_found(const Call& call, const HttpResponse& response, std::string text) {
  if (!call.hides_denial) return {Code::github_not_found, std::move(text)};
  return forbidden(call, response,
                   text + ": the name in the configuration is wrong or a permission is missing");
}

Error server_error(const Call& call, const HttpResponse& response, std::string text) {
  const Code code = call.method == "POST" ? Code::github_lost : Code::github_unavailable;
  return {code, std::move(text), retry_after(response)};
}

}  // namespace

std::optional<std::int64_t> header_int(const HttpResponse& response, std::string_view name) {
  const auto value = response.headers.find(name);
  return value ? parse_int(trim(*value)) : std::nullopt;
}

bool is_rate_limited(const HttpResponse& response) {
  if (response.status == 429) return true;
  if (response.status != 403) return false;
  return response.headers.find("retry-after").has_value() ||
         header_int(response, "x-ratelimit-remaining") == 0 ||
         to_lower(message_of(response)).find("rate limit") != std::string::npos;
}

Millis rate_limit_wait(const HttpResponse& response, WallTime now, int earlier) {
  if (const auto named = retry_after(response)) return *named;
  const auto reset = header_int(response, "x-ratelimit-reset");
  if (reset && header_int(response, "x-ratelimit-remaining") == 0) {
    const std::int64_t latest = epoch_seconds(now) + 3600;
    const WallTime until = wall_from_epoch_seconds(std::min(*reset, latest));
    return std::clamp<Millis>(until - now, k_wait_min, k_wait_max);
  }
  const int doublings = std::clamp(earlier, 0, k_doublings_max);
  return std::min<Millis>(k_wait_unnamed * (1 << doublings), k_wait_max);
}

Error status_error(const Call& call, const HttpResponse& response) {
  std::string text = describe(call, response);
  const int status = response.status;
  if (status == 401) return {Code::github_unauthorized, std::move(text)};
  if (status == 403) return forbidden(call, response, std::move(text));
  if (status == 404) return not_found(call, response, std::move(text));
  if (status == 409) return {Code::github_conflict, std::move(text)};
  if (status == 422 && call.method == "DELETE") return {Code::github_busy, std::move(text)};
  if (status >= 400 && status < 500) return {Code::github_refused, std::move(text)};
  if (status >= 500 && status < 600) return server_error(call, response, std::move(text));
  return {Code::github_bad_answer, std::move(text)};
}

Error rate_limit_error(const Call& call, const HttpResponse& response, Millis wait) {
  return {Code::github_throttled, describe(call, response), wait};
}

Error transport_error(const Call& call, const Error& error) {
  std::string text = call.method + " " + call.path + ": " + error.message;
  const bool is_lost = error.kind() == ErrorKind::ambiguous && call.method == "POST";
  return {is_lost ? Code::github_lost : Code::github_unavailable, std::move(text),
          error.retry_after};
}

std::optional<std::int64_t> next_page(const HttpResponse& response) {
  const std::string_view links = response.headers.find("link").value_or("");
  for (std::size_t open = links.find('<'); open != std::string_view::npos;) {
    const std::size_t close = links.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::size_t following = links.find('<', close);
    const std::string_view attributes = links.substr(close, following - close);
    if (attributes.find("rel=\"next\"") != std::string_view::npos) {
      const auto url = parse_url(links.substr(open + 1, close - open - 1));
      const auto target = url ? parse_target(url->target) : std::nullopt;
      const auto page = target ? target->parameter("page") : std::nullopt;
      return page ? parse_int(*page).value_or(0) : 0;
    }
    open = following;
  }
  return std::nullopt;
}

Result<std::string> redirect_target(const std::string& from, const HttpResponse& response) {
  const auto location = response.headers.find("location");
  const auto origin = parse_url(from);
  if (!location || !origin) return fail(Code::github_bad_answer, "a redirect without a location");
  const bool is_relative = location->starts_with("/") && !location->starts_with("//");
  const std::string absolute =
      is_relative ? origin->scheme + "://" + origin->authority() + std::string(*location)
                  : std::string(*location);
  const auto to = parse_url(absolute);
  if (!to || to->scheme != origin->scheme || to->host != origin->host || to->port != origin->port)
    return fail(Code::github_bad_answer,
                "a redirect to another host: " + printable(*location, 100));
  return absolute;
}

}  // namespace mayfly::github
