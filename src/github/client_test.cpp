#include "github/client.h"

#include <doctest/doctest.h>

#include "github/testing.h"

namespace mayfly::github {
namespace {

std::string link_next(int page) {
  return "<https://github.test/organizations/9/actions/runners?per_page=100&page=" +
         std::to_string(page) + ">; rel=\"next\"";
}

TEST_CASE("github: every request says who asks, for which version, and with which credential") {
  Bench bench;
  bench.transport.answer(200, runners_json(0, ""));
  REQUIRE(bench.client.list_runners(bench.deadline));
  const HttpRequest& sent = bench.transport.sent.at(0);
  CHECK(sent.url == "https://github.test/api/v3/orgs/octo/actions/runners?per_page=100&page=1");
  CHECK(sent.headers.find("accept") == "application/vnd.github+json");
  CHECK(sent.headers.find("authorization") == "Bearer s3cret-token");
  CHECK(sent.headers.find("x-github-api-version") == "2022-11-28");
  CHECK(sent.headers.find("user-agent") == "mayfly");
  CHECK_FALSE(sent.headers.find("content-type"));
}

TEST_CASE("github: a token that would break the header is never sent") {
  for (const char* token : {"", "two words", "line\r\nX-Evil: 1"}) {
    ScriptedTransport transport;
    ManualClock clock;
    FixedToken source{Secret(token)};
    GithubClient client(transport, clock, source, Bench::organization_settings());
    const auto result = client.list_runners(SteadyTime{Seconds{1}});
    CHECK(result.error().code == Code::github_unauthorized);
    CHECK(transport.sent.empty());
  }
}

TEST_CASE("github: no error message holds the token") {
  for (const int status : {401, 403, 404, 422, 429, 500}) {
    Bench bench;
    bench.transport.answer(status, R"({"message":"Bad credentials"})");
    const auto result = bench.client.list_runners(bench.deadline);
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("github: after a rate limit nothing is sent until the time is over") {
  Bench bench;
  bench.transport.answer(403, "{}", {{"retry-after", "30"}});
  CHECK(bench.client.list_runners(bench.deadline).error().retry_after == Seconds{30});
  bench.clock.advance(Seconds{29});
  const auto closed = bench.client.get_run(bench.repository, 1, bench.deadline);
  CHECK(closed.error().code == Code::github_throttled);
  CHECK(closed.error().retry_after == Seconds{1});
  CHECK(bench.transport.sent.size() == 1);

  bench.clock.advance(Seconds{1});
  bench.transport.answer(200, runners_json(0, ""));
  CHECK(bench.client.list_runners(bench.deadline));
  CHECK_FALSE(bench.client.rate_limit().closed_until);
}

TEST_CASE("github: refusals in a row without a named wait double it, and an answer ends the row") {
  Bench bench;
  const auto refused_for = [&] {
    bench.transport.answer(429, "{}");
    const Millis wait = *bench.client.list_runners(bench.deadline).error().retry_after;
    bench.clock.advance(wait);
    return wait;
  };
  CHECK(refused_for() == Seconds{60});
  CHECK(refused_for() == Seconds{120});
  bench.transport.answer(200, runners_json(0, ""));
  CHECK(bench.client.list_runners(bench.deadline));
  CHECK(refused_for() == Seconds{60});
}

TEST_CASE("github: a wall clock that is set back does not keep the client closed") {
  Bench bench;
  bench.transport.answer(429, "{}", {{"retry-after", "60"}});
  CHECK_FALSE(bench.client.list_runners(bench.deadline));
  bench.clock.step_wall(-std::chrono::hours{24});
  bench.transport.answer(200, runners_json(0, ""));
  CHECK(bench.client.list_runners(bench.deadline));
}

TEST_CASE("github: what the rate limit headers say is kept, of the core resource alone") {
  Bench bench;
  const Header resource{"x-ratelimit-resource", "core"};
  bench.transport.answer(200, runners_json(0, ""),
                         {{"x-ratelimit-limit", "5000"},
                          {"x-ratelimit-remaining", "4999"},
                          {"x-ratelimit-reset", "1800003600"},
                          resource});
  bench.transport.answer(200, runners_json(0, ""),
                         {{"x-ratelimit-remaining", "3"}, {"x-ratelimit-resource", "search"}});
  CHECK(bench.client.list_runners(bench.deadline));
  CHECK(bench.client.list_runners(bench.deadline));
  const RateLimit limit = bench.client.rate_limit();
  CHECK(limit.limit == 5000);
  CHECK(limit.remaining == 4999);
  CHECK(limit.resets_at == wall_from_epoch_seconds(1'800'003'600));
}

TEST_CASE("github: a GET follows one redirect on the same host, and no second one") {
  Bench bench;
  const Headers moved{{"Location", "https://github.test/repositories/7/actions/runs/5"}};
  bench.transport.answer(301, "", moved);
  bench.transport.answer(200, run_json(5));
  CHECK(bench.client.get_run(bench.repository, 5, bench.deadline));
  CHECK(bench.transport.sent.at(1).url == "https://github.test/repositories/7/actions/runs/5");

  bench.transport.answer(301, "", moved);
  bench.transport.answer(302, "", moved);
  const auto twice = bench.client.get_run(bench.repository, 6, bench.deadline);
  CHECK(twice.error().code == Code::github_bad_answer);
  CHECK(bench.transport.sent.size() == 4);
}

TEST_CASE("github: the credential is not carried to another host, and a POST is not redirected") {
  Bench bench;
  bench.transport.answer(302, "", {{"Location", "https://evil.test/x"}});
  CHECK_FALSE(bench.client.list_runners(bench.deadline));
  bench.transport.answer(307, "", {{"Location", "https://github.test/x"}});
  CHECK_FALSE(bench.client.generate_jit_config({"n", 1, {"l"}}, bench.deadline));
  CHECK(bench.transport.sent.size() == 2);
}

TEST_CASE("github: a list is all of its pages, each element once") {
  Bench bench;
  bench.transport.answer(200, runners_json(3, runner_json(1, "a") + "," + runner_json(2, "b")),
                         {{"Link", link_next(2)}});
  bench.transport.answer(200, runners_json(3, runner_json(2, "b") + "," + runner_json(3, "c")));
  const auto runners = bench.client.list_runners(bench.deadline);
  REQUIRE(runners);
  CHECK(runners->size() == 3);
  CHECK(bench.transport.sent.at(1).url ==
        "https://github.test/api/v3/orgs/octo/actions/runners?per_page=100&page=2");
}

TEST_CASE("github: a list that fails on any page, or lost an element between pages, is an error") {
  Bench bench;
  bench.transport.answer(200, runners_json(2, runner_json(1, "a")), {{"Link", link_next(2)}});
  bench.transport.answer(500, "");
  CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_unavailable);

  bench.transport.answer(200, runners_json(3, runner_json(1, "a")), {{"Link", link_next(2)}});
  bench.transport.answer(200, runners_json(3, runner_json(3, "c")));
  CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_unavailable);
}

TEST_CASE("github: pages that jump or never end are refused") {
  Bench bench;
  bench.transport.answer(200, runners_json(9, ""), {{"Link", link_next(1)}});
  CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_bad_answer);

  for (int page = 1; page <= 300; ++page)
    bench.transport.answer(200, runners_json(9, ""), {{"Link", link_next(page + 1)}});
  CHECK(bench.client.list_runners(bench.deadline).error().code == Code::github_bad_answer);
  CHECK(bench.transport.sent.size() == 1 + 200);
}

Settings settings_with(int calls_per_minute) {
  Settings settings = Bench::organization_settings();
  settings.calls_per_minute = calls_per_minute;
  return settings;
}

Headers hour(int remaining, WallTime resets_at) {
  return {{"x-ratelimit-limit", "5000"},
          {"x-ratelimit-remaining", std::to_string(remaining)},
          {"x-ratelimit-reset", std::to_string(epoch_seconds(resets_at))}};
}

TEST_CASE("github: past our own budget nothing is sent, and the error says for how long") {
  Bench bench(settings_with(60));
  for (int i = 0; i < 20; ++i) {
    bench.transport.answer(404, "{}");
    CHECK(bench.client.get_run(bench.repository, i + 1, bench.deadline).error().code ==
          Code::github_not_found);
  }
  bench.clock.advance(Seconds{10});
  const auto refused = bench.client.get_run(bench.repository, 99, bench.deadline);
  CHECK(refused.error().code == Code::github_budget);
  CHECK(refused.error().retry_after == Seconds{50});
  CHECK(bench.transport.sent.size() == 20);
  bench.clock.advance(Seconds{50});
  bench.transport.answer(200, run_json(99));
  CHECK(bench.client.get_run(bench.repository, 99, SteadyTime{Seconds{100}}));
}

// A wire on which a call takes its time.
class SlowTransport final : public HttpTransport {
 public:
  SlowTransport(ManualClock& clock, Millis takes) : clock_(clock), takes_(takes) {}
  Result<HttpResponse> send(const HttpRequest&, SteadyTime) override {
    clock_.advance(takes_);
    return HttpResponse{404, {}, "{}"};
  }

 private:
  ManualClock& clock_;
  Millis takes_;
};

TEST_CASE("github: a call counts until a minute after its end, for then it may have arrived") {
  Bench bench;
  SlowTransport slow(bench.clock, Seconds{50});
  GithubClient client(slow, bench.clock, bench.token, settings_with(60));
  (void)client.get_run(bench.repository, 1, SteadyTime{Seconds{1000}});
  bench.clock.advance(Seconds{59});  // 109 s after it began
  CHECK(client.calls_in_minute() == 1);
  bench.clock.advance(Seconds{2});
  CHECK(client.calls_in_minute() == 0);
}

TEST_CASE("github: pages, redirects and failed calls are counted like any other") {
  Bench bench(settings_with(60));
  for (int i = 0; i < 6; ++i) {
    bench.transport.answer(200, runners_json(200, runner_json(1, "a")), {{"link", link_next(2)}});
    bench.transport.answer(200, runners_json(2, runner_json(2, "b")));
    CHECK(bench.client.list_runners(bench.deadline));
  }
  for (int i = 0; i < 3; ++i) {
    bench.transport.answer(302, "", {{"location", "https://github.test/api/v3/moved"}});
    bench.transport.answer(200, run_json(7));
    CHECK(bench.client.get_run(bench.repository, 7, bench.deadline));
  }
  for (int i = 0; i < 2; ++i) {
    bench.transport.break_with(Code::transport_lost);
    CHECK_FALSE(bench.client.get_run(bench.repository, 7, bench.deadline));
  }
  CHECK(bench.client.get_run(bench.repository, 7, bench.deadline).error().code ==
        Code::github_budget);
  CHECK(bench.transport.sent.size() == 20);
}

TEST_CASE("github: a flood of asks leaves the sweep and the claims what is kept for them") {
  Bench bench(settings_with(60));
  GithubClient sweeping = bench.client.serving(Purpose::sweep);
  GithubClient claiming = bench.client.serving(Purpose::claims);
  for (int i = 0; i < 100; ++i) {
    bench.transport.script.clear();
    bench.transport.answer(404, "{}");
    (void)bench.client.get_run(bench.repository, i + 1, bench.deadline);
  }
  CHECK(bench.transport.sent.size() == 20);
  for (GithubClient* client : {&sweeping, &claiming}) {
    bench.transport.script.clear();
    bench.transport.answer(200, runners_json(0, ""));
    CHECK(client->list_runners(bench.deadline));
  }
}

TEST_CASE("github: a pause that GitHub asks one purpose for holds for all") {
  Bench bench;
  GithubClient claiming = bench.client.serving(Purpose::claims);
  bench.transport.answer(429, "{}", {{"retry-after", "30"}});
  CHECK_FALSE(bench.client.get_run(bench.repository, 1, bench.deadline));
  CHECK(claiming.list_runners(bench.deadline).error().code == Code::github_throttled);
  CHECK(bench.transport.sent.size() == 1);
}

TEST_CASE("github: what is left of GitHub's hour is kept, from asks first and from claims never") {
  struct Left {
    int remaining;
    bool may_ask, may_sweep;
  };
  for (const Left left : {Left{1000, true, true}, Left{999, false, true}, Left{250, false, true},
                          Left{249, false, false}, Left{1, false, false}}) {
    CAPTURE(left.remaining);
    Bench bench;
    GithubClient claiming = bench.client.serving(Purpose::claims);
    GithubClient sweeping = bench.client.serving(Purpose::sweep);
    const Headers headers = hour(left.remaining, bench.clock.wall() + Seconds{600});
    bench.transport.answer(200, runners_json(0, ""), headers);
    CHECK(claiming.list_runners(bench.deadline));
    for (int i = 0; i < 3; ++i) bench.transport.answer(200, runners_json(0, ""), headers);
    const auto asked = bench.client.list_runners(bench.deadline);
    CHECK(asked.has_value() == left.may_ask);
    if (!asked) CHECK(asked.error().code == Code::github_budget);
    if (!asked) CHECK(asked.error().retry_after == Seconds{600});
    CHECK(sweeping.list_runners(bench.deadline).has_value() == left.may_sweep);
    CHECK(claiming.list_runners(bench.deadline).has_value());
    bench.clock.advance(Seconds{600});  // a new hour: what was left of the old one is no matter
    bench.transport.answer(200, runners_json(0, ""));
    CHECK(bench.client.list_runners(SteadyTime{Seconds{700}}).has_value());
  }
}

}  // namespace
}  // namespace mayfly::github
