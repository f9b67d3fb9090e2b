#include "github/app_token.h"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/testing_key.h"
#include "base/text.h"
#include "github/permissions.h"
#include "github/testing.h"

namespace mayfly::github {
namespace {

struct App {
  ScriptedTransport transport;
  ManualClock clock;
  AppToken tokens;

  explicit App(AppSettings settings = octo_settings())
      : tokens(transport, clock, RsaKey::from_pem(Secret(k_test_key)).value(),
               std::move(settings)) {}

  static AppSettings octo_settings() {
    AppSettings settings;
    settings.api_url = "https://github.test/api/v3";
    settings.app_id = "123456";
    settings.installation_id = 77;
    settings.scope.organization = "Octo";
    settings.repositories = {{"octo/repo"}, {"octo/other"}, {"stranger/repo"}};
    return settings;
  }

  Result<Secret> get() { return tokens.token(clock.steady() + Seconds{10}); }
  std::string token() {
    const auto found = get();
    return found ? found->reveal() : std::string(info(found.error().code).name);
  }
  // GitHub's clock is ours, but for the skew.
  void grant(const std::string& token, Millis life = std::chrono::hours{1}, Millis skew = {}) {
    const WallTime now = clock.wall() + skew;
    transport.answer(201,
                     R"({"token":")" + token + R"(","expires_at":")" + iso8601(now + life) + "\"}",
                     {{"Date", http_date(now)}});
  }
  json::object body(std::size_t index) {
    return parse_json(transport.sent.at(index).body).value().as_object();
  }
  json::object claims(std::size_t index) {
    const std::string jwt(transport.sent.at(index).headers.find("authorization")->substr(7));
    std::string part = split(jwt, '.').at(1);
    part.append((4 - part.size() % 4) % 4, '=');
    return parse_json(base64_decode(part).value()).value().as_object();
  }
};

std::string url_of(const App& app, std::size_t index) {
  const HttpRequest& sent = app.transport.sent.at(index);
  return sent.method + " " + sent.url;
}

TEST_CASE("app: the JWT is one that its public key fits, back-dated, and lasts under ten minutes") {
  const RsaKey key = RsaKey::from_pem(Secret(k_test_key)).value();
  const std::string jwt = app_jwt(key, "123456", wall_from_epoch_seconds(1'800'000'000));
  const auto parts = split(jwt, '.');
  REQUIRE(parts.size() == 3);
  CHECK(base64_decode(parts[0]).value_or("") == R"({"alg":"RS256","typ":"JWT"})");
  CHECK(base64_decode(parts[1] + "=").value_or("") ==
        R"({"iat":1799999940,"exp":1800000480,"iss":"123456"})");
  std::string signature = parts[2];
  for (char& c : signature) c = c == '-' ? '+' : c == '_' ? '/' : c;
  CHECK(rs256_fits(key.public_pem(), parts[0] + "." + parts[1],
                   base64_decode(signature + "==").value_or("")));
}

TEST_CASE("app: a token is asked for once, for what is needed and the served repositories alone") {
  App app;
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  CHECK(app.token() == "ghs_1");
  REQUIRE(app.transport.sent.size() == 1);
  CHECK(url_of(app, 0) == "POST https://github.test/api/v3/app/installations/77/access_tokens");
  CHECK(json::serialize(app.body(0)) ==
        R"({"permissions":{"actions":"read","organization_self_hosted_runners":"write"},)"
        R"("repositories":["repo","other"]})");
}

TEST_CASE("app: a repository's runners need other permissions, and pull requests one more") {
  AppSettings settings = App::octo_settings();
  settings.scope.kind = Scope::Kind::repository;
  settings.scope.repository = {"octo/repo"};
  settings.repositories = {{"octo/repo"}};
  settings.reads_pulls = true;
  App app(settings);
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  CHECK(json::serialize(app.body(0)) ==
        R"({"permissions":{"actions":"read","administration":"write","pull_requests":"read"},)"
        R"("repositories":["repo"]})");
}

TEST_CASE("app: who lets runs be cancelled or run again has tokens that may change runs") {
  AppSettings settings = App::octo_settings();
  settings.changes_runs = true;
  App app(settings);
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  CHECK(json::serialize(app.body(0)).find(R"("actions":"write")") != std::string::npos);
}

TEST_CASE("app: the installation is looked up once, and anew when it is gone") {
  AppSettings settings = App::octo_settings();
  settings.installation_id = 0;
  App app(settings);
  app.transport.answer(200, R"({"id":5})");
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  CHECK(url_of(app, 0) == "GET https://github.test/api/v3/orgs/Octo/installation");
  CHECK(url_of(app, 1) == "POST https://github.test/api/v3/app/installations/5/access_tokens");
  app.clock.advance(std::chrono::hours{2});
  app.transport.answer(404, R"({"message":"Not Found"})");
  CHECK(app.token() == "github-not-found");
  app.clock.advance(Seconds{10});
  app.transport.answer(200, R"({"id":6})");
  app.grant("ghs_2");
  CHECK(app.token() == "ghs_2");
  CHECK(url_of(app, 4) == "POST https://github.test/api/v3/app/installations/6/access_tokens");
}

TEST_CASE("app: an App that is not installed is said to be so") {
  AppSettings settings = App::octo_settings();
  settings.installation_id = 0;
  App app(settings);
  app.transport.answer(404, R"({"message":"Not Found"})");
  const Error error = app.get().error();
  CHECK(error.code == Code::github_not_found);
  CHECK(error.message.find("not installed for Octo") != std::string::npos);
}

TEST_CASE(
    "app: a token is renewed ten minutes before its end; if that fails the old one serves on") {
  App app;
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  app.clock.advance(std::chrono::minutes{49});
  CHECK(app.token() == "ghs_1");
  app.clock.advance(std::chrono::minutes{2});
  app.transport.answer(503, "");
  CHECK(app.token() == "ghs_1");
  CHECK(app.token() == "ghs_1");
  CHECK(app.transport.sent.size() == 2);
  app.clock.advance(Seconds{6});
  app.grant("ghs_2");
  CHECK(app.token() == "ghs_2");
}

TEST_CASE("app: past its end a token is not used, whatever there is instead") {
  App app;
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
  app.clock.advance(std::chrono::minutes{60});
  app.transport.answer(503, "");
  CHECK(app.token() == "github-unavailable");
}

TEST_CASE("app: after a failed attempt there is a pause, as long as GitHub says") {
  App app;
  app.transport.answer(403, R"({"message":"rate limit"})", {{"Retry-After", "60"}});
  CHECK(app.token() == "github-throttled");
  CHECK(app.token() == "github-throttled");
  CHECK(app.transport.sent.size() == 1);
  app.clock.advance(Seconds{61});
  app.grant("ghs_1");
  CHECK(app.token() == "ghs_1");
}

TEST_CASE("app: a lost answer is no more than unavailable, for a token too many harms nobody") {
  App app;
  app.transport.break_with(Code::transport_lost);
  CHECK(app.token() == "github-unavailable");
}

TEST_CASE("app: where GitHub's clock differs the JWT is made anew by it, once, and from then on") {
  App app;
  const Millis skew = -std::chrono::minutes{20};
  app.transport.answer(401, R"({"message":"'Issued at' claim"})",
                       {{"Date", http_date(app.clock.wall() + skew)}});
  app.grant("ghs_1", std::chrono::hours{1}, skew);
  CHECK(app.token() == "ghs_1");
  CHECK(*json_int(app.claims(0), "iat") - *json_int(app.claims(1), "iat") == 20 * 60);
  // Its hour is measured by GitHub's clock too: by ours it would last forty minutes.
  app.clock.advance(std::chrono::minutes{45});
  CHECK(app.token() == "ghs_1");
  app.clock.advance(std::chrono::minutes{10});
  app.grant("ghs_2", std::chrono::hours{1}, skew);
  CHECK(app.token() == "ghs_2");
  CHECK(app.transport.sent.size() == 3);
}

TEST_CASE("app: a key that GitHub does not know is refused once, naming what to look at") {
  App app;
  app.transport.answer(401, R"({"message":"A JSON web token could not be decoded"})",
                       {{"Date", http_date(app.clock.wall())}});
  const Error error = app.get().error();
  CHECK(error.code == Code::github_unauthorized);
  CHECK(error.message.find("github.app_private_key") != std::string::npos);
  CHECK(app.transport.sent.size() == 1);
}

TEST_CASE("app: what the installation lacks is named as GitHub's settings name it") {
  App app;
  app.transport.answer(422, R"({"message":"The permissions requested are not granted"})");
  app.transport.answer(200, R"({"id":77,"permissions":{"actions":"write","metadata":"read",)"
                            R"("organization_self_hosted_runners":"read"}})");
  const Error error = app.get().error();
  CHECK(error.code == Code::github_forbidden);
  CHECK(error.message.find("lacks organization_self_hosted_runners=write (organization permission "
                           "\"Self-hosted runners\": read and write)") != std::string::npos);
  CHECK(error.message.find("actions") == std::string::npos);
}

TEST_CASE("app: a refused token is replaced once it is not new, and by one caller only") {
  App app;
  app.grant("ghs_1");
  const Secret first = app.get().value();
  CHECK_FALSE(app.tokens.replace(first));
  app.clock.advance(Seconds{30});
  CHECK(app.tokens.replace(first));
  app.grant("ghs_2");
  CHECK(app.token() == "ghs_2");
  CHECK(app.tokens.replace(first));
  CHECK(app.token() == "ghs_2");
  CHECK(app.transport.sent.size() == 2);
}

TEST_CASE("app: a call that meets 401 is made once more with another token") {
  App app;
  ScriptedTransport wire;
  GithubClient client(wire, app.clock, app.tokens, Bench::organization_settings());
  app.grant("ghs_1");
  wire.answer(200, run_json(7));
  CHECK(client.get_run({"octo/repo"}, 7, SteadyTime{Seconds{1000}}).has_value());
  app.clock.advance(Seconds{30});
  wire.answer(401, R"({"message":"Bad credentials"})");
  wire.answer(201, R"({"token":"x"})");
  app.grant("ghs_2");
  CHECK_FALSE(client.generate_jit_config({"m", 1, {"x"}}, SteadyTime{Seconds{1000}}).has_value());
  REQUIRE(wire.sent.size() == 3);
  CHECK(wire.sent.at(1).headers.find("authorization") == "Bearer ghs_1");
  CHECK(wire.sent.at(2).headers.find("authorization") == "Bearer ghs_2");
  CHECK(wire.sent.at(1).body == wire.sent.at(2).body);
}

TEST_CASE("app: a token's form is not looked at, but an answer without one is none") {
  App app;
  const std::string token = "ghs_123456_" + std::string(600, 'a') + ".b-_";
  app.grant(token);
  CHECK(app.token() == token);
  for (const char* body : {"", "{}", "[]", R"({"token":"","expires_at":"2027-01-15T09:00:00Z"})",
                           R"({"token":"x","expires_at":"soon"})", R"({"token":"x"})",
                           R"({"token":7,"expires_at":"2027-01-15T09:00:00Z"})"}) {
    App other;
    other.transport.answer(201, body);
    CHECK_MESSAGE(other.token() == "github-bad-answer", body);
  }
}

TEST_CASE("permissions: they are said in the words of GitHub's settings") {
  CHECK(permissions_in_words("administration=write") ==
        "administration=write (repository permission \"Administration\": read and write)");
  CHECK(permissions_in_words("actions=read; pull_requests=read") ==
        "actions=read (repository permission \"Actions\": read); pull_requests=read (repository "
        "permission \"Pull requests\": read)");
  CHECK(permissions_in_words("new_thing=write") == "new_thing=write");
  CHECK(permissions_in_words("allows_permissionless_access=true").find("true") !=
        std::string::npos);
  CHECK(permissions_in_words("x\r\ny").find('\n') == std::string::npos);
}

}  // namespace
}  // namespace mayfly::github
