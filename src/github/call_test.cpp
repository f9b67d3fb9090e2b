#include "github/call.h"

#include <doctest/doctest.h>

namespace mayfly::github {
namespace {

HttpResponse answer(int status, Headers headers = {}, std::string body = "") {
  return {status, std::move(headers), std::move(body)};
}

Call get_call() {
  Call call;
  call.path = "/x";
  return call;
}

Call with_method(std::string method) {
  Call call = get_call();
  call.method = std::move(method);
  return call;
}

TEST_CASE("github: every status has one meaning") {
  struct Row {
    const char* method;
    int status;
    Code code;
  };
  const Row rows[] = {
      {"GET", 400, Code::github_refused},     {"GET", 401, Code::github_unauthorized},
      {"GET", 403, Code::github_forbidden},   {"GET", 404, Code::github_not_found},
      {"POST", 409, Code::github_conflict},   {"GET", 410, Code::github_refused},
      {"DELETE", 422, Code::github_busy},     {"POST", 422, Code::github_refused},
      {"GET", 500, Code::github_unavailable}, {"DELETE", 502, Code::github_unavailable},
      {"POST", 503, Code::github_lost},       {"GET", 304, Code::github_bad_answer},
      {"POST", 307, Code::github_bad_answer}, {"GET", 600, Code::github_bad_answer},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    CHECK(status_error(with_method(row.method), answer(row.status)).code == row.code);
  }
}

TEST_CASE("github: a 404 means a missing permission where the thing itself always exists") {
  Call call = get_call();
  call.hides_denial = true;
  call.permission = "organization \"Self-hosted runners: write\"";
  const Error error = status_error(call, answer(404));
  CHECK(error.code == Code::github_forbidden);
  CHECK(error.message.find("Self-hosted runners: write") != std::string::npos);
}

TEST_CASE("github: a 403 names the permission that GitHub asks for before our own guess") {
  Call call = get_call();
  call.permission = "our guess";
  const Headers headers{{"X-Accepted-GitHub-Permissions", "administration=write"}};
  const Error error = status_error(call, answer(403, headers, R"({"message":"Resource\nno"})"));
  CHECK(error.message.find("administration=write") != std::string::npos);
  CHECK(error.message.find("our guess") == std::string::npos);
  CHECK(error.message.find("Resource\\nno") != std::string::npos);
}

TEST_CASE("github: a limit is told from a missing permission by its evidence") {
  CHECK(is_rate_limited(answer(429)));
  CHECK(is_rate_limited(answer(403, {{"Retry-After", "5"}})));
  CHECK(is_rate_limited(answer(403, {{"x-ratelimit-remaining", "0"}})));
  CHECK(is_rate_limited(answer(403, {}, R"({"message":"a secondary Rate Limit"})")));
  CHECK_FALSE(is_rate_limited(answer(403, {{"x-ratelimit-remaining", "7"}})));
  CHECK_FALSE(is_rate_limited(answer(404, {{"retry-after", "5"}})));
}

TEST_CASE("github: the wait after a limit follows GitHub's order and stays within bounds") {
  const WallTime now = wall_from_epoch_seconds(1'000'000);
  const Header spent{"x-ratelimit-remaining", "0"};
  const auto wait = [&](Headers headers, int earlier = 0) {
    return rate_limit_wait(answer(403, std::move(headers)), now, earlier);
  };
  CHECK(wait({{"retry-after", "7"}, spent, {"x-ratelimit-reset", "1000100"}}) == Seconds{7});
  CHECK(wait({{"retry-after", "0"}}) == Seconds{1});
  CHECK(wait({{"retry-after", "9000000000000000000"}}) == Seconds{3600});
  CHECK(wait({spent, {"x-ratelimit-reset", "1000100"}}) == Seconds{100});
  CHECK(wait({spent, {"x-ratelimit-reset", "5"}}) == Seconds{1});
  CHECK(wait({spent, {"x-ratelimit-reset", "9000000000000000000"}}) == Seconds{3600});
  CHECK(wait({{"x-ratelimit-remaining", "3"}, {"x-ratelimit-reset", "1000100"}}) == Seconds{60});
  CHECK(wait({}, 2) == Seconds{240});
  CHECK(wait({}, 1000) == Seconds{3600});
}

TEST_CASE("github: only a lost POST may have been carried out") {
  const Error lost{Code::transport_lost, "reset"};
  const Error not_sent{Code::transport_not_sent, "refused"};
  CHECK(transport_error(with_method("POST"), lost).code == Code::github_lost);
  CHECK(transport_error(with_method("POST"), not_sent).code == Code::github_unavailable);
  CHECK(transport_error(with_method("GET"), lost).code == Code::github_unavailable);
  CHECK(transport_error(with_method("DELETE"), lost).code == Code::github_unavailable);
}

TEST_CASE("github: the next page is the number in the link named next") {
  const auto next = [](std::string link) { return next_page(answer(200, {{"Link", link}})); };
  CHECK(next("<https://h/o?page=1>; rel=\"prev\", <https://h/o?per_page=9&page=3>; rel=\"next\"") ==
        3);
  CHECK(next("<https://h/o?page=1>; rel=\"prev\"") == std::nullopt);
  CHECK(next("<https://h/o?page=x>; rel=\"next\"") == 0);
  CHECK(next("<https://h/o>; rel=\"next\"") == 0);
  CHECK(next("<https://h/o?page=2") == std::nullopt);
  CHECK(next_page(answer(200)) == std::nullopt);
}

TEST_CASE("github: a redirect stays on its origin or is refused") {
  const auto to = [](std::string location) {
    return redirect_target("https://api.test/repos/a/b", answer(301, {{"Location", location}}));
  };
  CHECK(to("https://api.test/repositories/7").value() == "https://api.test/repositories/7");
  CHECK(to("/repositories/7").value() == "https://api.test/repositories/7");
  for (const char* elsewhere :
       {"http://api.test/x", "https://api.test:8443/x", "https://evil.test/x", "//evil.test/x",
        "https://api.test@evil.test/x", "x", ""}) {
    CAPTURE(elsewhere);
    CHECK(to(elsewhere).error().code == Code::github_bad_answer);
  }
  CHECK_FALSE(redirect_target("https://api.test/", answer(301)));
}

}  // namespace
}  // namespace mayfly::github
