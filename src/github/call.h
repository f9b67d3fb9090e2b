#pragma once

// One request to GitHub as a value, and what each answer means: the one table that turns statuses
// into error codes, and the rules for how long to stay away after a rate limit (facts.md A1, A4).
// Pure. No message contains the credential: only GitHub's own words, made printable.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "http/url.h"
#include "seam/http_message.h"

namespace mayfly::github {

struct Call {
  std::string method = "GET";
  std::string path;  // below api_url, encoded, without query
  QueryParameters query = {};
  std::string body = {};
  std::string etag = {};        // goes out as If-None-Match; makes a 304 acceptable
  std::string permission = {};  // what the credential needs, as GitHub's settings name it
  // A 404 means a missing permission or a wrong owner: the thing itself always exists.
  bool hides_denial = false;
};

// 403 or 429 with evidence of a limit rather than of a missing permission; any 429.
[[nodiscard]] bool is_rate_limited(const HttpResponse& response);

// How long to make no call: retry-after, else x-ratelimit-reset where nothing remains, else a
// minute that doubles with each earlier refusal in a row. Always between a second and an hour
// (facts.md A4).
[[nodiscard]] Millis rate_limit_wait(const HttpResponse& response, WallTime now, int earlier);

// For every status that the call does not accept, but the rate-limited ones.
[[nodiscard]] Error status_error(const Call& call, const HttpResponse& response);
[[nodiscard]] Error rate_limit_error(const Call& call, const HttpResponse& response, Millis wait);
// A failure below HTTP: reads and deletes may be repeated, a lost POST may have been carried out.
[[nodiscard]] Error transport_error(const Call& call, const Error& error);

// Whole decimal number, or none.
[[nodiscard]] std::optional<std::int64_t> header_int(const HttpResponse& response,
                                                     std::string_view name);

// The page number that Link rel="next" names. Only the number is ever used: the URL is not
// followed, so an answer cannot lead the credential anywhere else, and GitHub's numeric forms of a
// path
// (/organizations/1/...) need no rule.
[[nodiscard]] std::optional<std::int64_t> next_page(const HttpResponse& response);

// Where a 301, 302, 307 or 308 points, if it stays on the origin of from.
[[nodiscard]] Result<std::string> redirect_target(const std::string& from,
                                                  const HttpResponse& response);

}  // namespace mayfly::github
