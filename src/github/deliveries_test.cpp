#include "github/deliveries.h"

#include <doctest/doctest.h>

#include "base/testing_key.h"
#include "base/text.h"
#include "github/app_token.h"
#include "github/testing.h"

namespace mayfly::github {
namespace {

// As GitHub's own look, with one field in another shape.
std::string entry(const std::string& field = "", const std::string& value = "") {
  std::string text =
      R"({"id":3842091948768772097,"guid":"1c27c573-3889-4501-a279-b788794f4876",)"
      R"("delivered_at":"2026-11-26T12:18:41.264Z","redelivery":false,"duration":10.0,)"
      R"("status":"failed to connect to host","status_code":502,"event":"workflow_job",)"
      R"("action":"queued","installation_id":12345,"repository_id":23456,"throttled_at":null})";
  if (field.empty()) return text;
  const std::size_t at = text.find("\"" + field + "\":") + field.size() + 3;
  return text.replace(at, text.find_first_of(",}", at) - at, value);
}

struct AppBench : Bench {
  AppToken tokens{transport, clock, RsaKey::from_pem(Secret(k_test_key)).value(), app_settings()};
  GithubClient of_app{transport, clock, tokens, organization_settings()};
  GithubClient app = *of_app.as_app();

  static AppSettings app_settings() {
    AppSettings settings;
    settings.api_url = organization_settings().api_url;
    settings.app_id = "123456";
    return settings;
  }
};

TEST_CASE("deliveries: an attempt is read with what decides, whatever else GitHub says of it") {
  const auto listed = parse_deliveries("[" + entry() + "," + entry("action", "null") + "]");
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  const Delivery& one = listed->front();
  CHECK(one.id == 3842091948768772097);
  CHECK(one.guid == "1c27c573-3889-4501-a279-b788794f4876");
  CHECK(one.delivered_at == *parse_iso8601("2026-11-26T12:18:41.264Z"));
  CHECK_FALSE(one.is_redelivery);
  CHECK(one.status_code == 502);
  CHECK(one.event == "workflow_job");
  CHECK(one.action == "queued");
  CHECK(listed->back().action.empty());
  CHECK(parse_deliveries("[]")->empty());
}

TEST_CASE("deliveries: one entry that cannot be read makes the whole answer a bad one") {
  const std::pair<const char*, std::string> wrong[] = {
      {"id", "0"},
      {"id", "\"7\""},
      {"guid", "\"\""},
      {"guid", "\"" + std::string(101, 'a') + "\""},
      {"delivered_at", "\"yesterday\""},
      {"delivered_at", "null"},
      {"redelivery", "0"},
      {"status_code", "\"502\""},
      {"status_code", "-1"},
      {"status_code", "1000"},
      {"event", "null"}};
  for (const auto& one : wrong) {
    CAPTURE(one.first);
    CAPTURE(one.second);
    const auto listed = parse_deliveries("[" + entry() + "," + entry(one.first, one.second) + "]");
    REQUIRE_FALSE(listed);
    CHECK(listed.error().code == Code::github_bad_answer);
  }
  for (const char* body : {"", "{}", "[1]", "[{}]", "["})
    CHECK(parse_deliveries(body).error().code == Code::github_bad_answer);
}

TEST_CASE("deliveries: no more are read than were asked for") {
  std::string many = entry();
  for (std::size_t i = 1; i < k_deliveries_max; ++i) many += "," + entry();
  CHECK(parse_deliveries("[" + many + "]")->size() == k_deliveries_max);
  CHECK_FALSE(parse_deliveries("[" + many + "," + entry() + "]"));
}

TEST_CASE("deliveries: they are listed and asked for by the App itself, with no token") {
  AppBench bench;
  bench.transport.answer(200, "[" + entry() + "]");
  bench.transport.answer(202, "{}");
  CHECK(bench.app.list_deliveries(bench.deadline)->size() == 1);
  CHECK(bench.app.redeliver(3842091948768772097, bench.deadline));
  REQUIRE(bench.transport.sent.size() == 2);
  const HttpRequest& list = bench.transport.sent.at(0);
  CHECK(list.method == "GET");
  CHECK(list.url == "https://github.test/api/v3/app/hook/deliveries?per_page=100");
  const HttpRequest& again = bench.transport.sent.at(1);
  CHECK(again.method == "POST");
  CHECK(again.url == "https://github.test/api/v3/app/hook/deliveries/3842091948768772097/attempts");
  CHECK(again.body.empty());
  const std::string jwt =
      app_jwt(RsaKey::from_pem(Secret(k_test_key)).value(), "123456", bench.clock.wall());
  for (const HttpRequest& sent : bench.transport.sent)
    CHECK(sent.headers.find("authorization") == "Bearer " + jwt);
}

TEST_CASE("deliveries: what is no App lists none") {
  Bench bench;
  CHECK_FALSE(bench.client.as_app());
}

TEST_CASE("deliveries: an App's calls are counted with the others, GitHub's limits are apart") {
  AppBench bench;
  bench.transport.answer(403, R"({"message":"secondary rate limit"})", {{"Retry-After", "600"}});
  CHECK(bench.app.list_deliveries(bench.deadline).error().code == Code::github_throttled);
  CHECK(bench.app.list_deliveries(bench.deadline).error().code == Code::github_throttled);
  CHECK(bench.transport.sent.size() == 1);
  CHECK(bench.of_app.calls_in_minute() == 1);
  CHECK_FALSE(bench.of_app.rate_limit().closed_until);
}

TEST_CASE("deliveries: no message of a failure holds the JWT") {
  for (const int status : {401, 403, 404, 422, 500}) {
    AppBench bench;
    bench.transport.answer(status, R"({"message":"no"})");
    const auto listed = bench.app.list_deliveries(bench.deadline);
    REQUIRE_FALSE(listed);
    CHECK(listed.error().message.find("eyJ") == std::string::npos);
    CHECK(bench.transport.sent.size() == 1);
  }
}

}  // namespace
}  // namespace mayfly::github
