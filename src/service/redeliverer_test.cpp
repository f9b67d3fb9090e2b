#include "service/redeliverer.h"

#include <doctest/doctest.h>

#include "base/testing_key.h"
#include "github/app_token.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using github::Delivery;

const WallTime k_now = wall_from_epoch_seconds(1'800'000'000);

Delivery attempt(std::int64_t id, const std::string& guid, int status, Millis ago = Seconds{30},
                 bool is_redelivery = false) {
  return {id, guid, k_now - ago, is_redelivery, status, "workflow_job", "queued"};
}

std::vector<std::int64_t> chosen(const std::vector<Delivery>& listed, std::size_t most = 10) {
  std::vector<std::int64_t> ids;
  for (const Delivery& one : worth_sending_again(listed, k_now, most)) ids.push_back(one.id);
  return ids;
}

using Ids = std::vector<std::int64_t>;

TEST_CASE("redeliverer: what never arrived is worth it: 5xx, 429, no answer") {
  for (const int status : {0, 429, 500, 502, 503, 504, 599})
    CHECK_MESSAGE(chosen({attempt(1, "a", status)}) == Ids{1}, status);
}

TEST_CASE("redeliverer: what arrived, or was refused, is not asked for again") {
  for (const int status : {200, 202, 204, 301, 400, 401, 403, 404, 410, 413, 415, 422})
    CHECK_MESSAGE(chosen({attempt(1, "a", status)}).empty(), status);
}

TEST_CASE("redeliverer: one attempt that arrived is enough, whichever it was") {
  CHECK(chosen({attempt(2, "a", 202, Seconds{10}, true), attempt(1, "a", 502)}).empty());
  CHECK(chosen({attempt(2, "a", 502, Seconds{10}, true), attempt(1, "a", 202)}).empty());
  CHECK(chosen({attempt(2, "b", 202), attempt(1, "a", 502)}) == Ids{1});
}

TEST_CASE("redeliverer: the latest attempt decides, in whatever order they are listed") {
  const Delivery first = attempt(1, "a", 502);
  const Delivery refused = attempt(2, "a", 401, Seconds{10}, true);
  CHECK(chosen({refused, first}).empty());
  CHECK(chosen({first, refused}).empty());
  CHECK(chosen({attempt(2, "a", 502, Seconds{10}, true), attempt(1, "a", 401)}) == Ids{2});
}

TEST_CASE("redeliverer: a delivery is tried four times in all, and no more") {
  std::vector<Delivery> listed{attempt(1, "a", 502, Seconds{200})};
  for (std::int64_t id = 2; id <= k_delivery_attempts_max; ++id) {
    CHECK(chosen(listed) == Ids{id - 1});
    listed.insert(listed.begin(), attempt(id, "a", 502, Seconds{200 - id}, true));
  }
  CHECK(chosen(listed).empty());
}

TEST_CASE("redeliverer: the age is that of the first attempt, and it must be in the list") {
  CHECK(chosen({attempt(1, "a", 502, k_redeliver_within)}) == Ids{1});
  CHECK(chosen({attempt(1, "a", 502, k_redeliver_within + Millis{1})}).empty());
  const Delivery again = attempt(2, "a", 502, Seconds{10}, true);
  CHECK(chosen({again, attempt(1, "a", 502, k_redeliver_within + Millis{1})}).empty());
  CHECK(chosen({again}).empty());
}

TEST_CASE("redeliverer: only deliveries that tell of waiting or ended jobs") {
  for (const auto& [event, action] :
       {std::pair{"workflow_job", "in_progress"}, std::pair{"workflow_job", ""},
        std::pair{"ping", ""}, std::pair{"push", "queued"}}) {
    Delivery one = attempt(1, "a", 502);
    one.event = event;
    one.action = action;
    CHECK(chosen({one}).empty());
  }
  Delivery completed = attempt(1, "a", 502);
  completed.action = "completed";
  CHECK(chosen({completed}) == Ids{1});
}

TEST_CASE("redeliverer: newest first, and no more than so many") {
  const std::vector<Delivery> listed{attempt(1, "c", 502, Seconds{90}),
                                     attempt(3, "b", 502, Seconds{30}),
                                     attempt(2, "a", 502, Seconds{60})};
  CHECK(chosen(listed) == Ids{3, 2, 1});
  CHECK(chosen(listed, 2) == Ids{3, 2});
  CHECK(chosen(listed, 0).empty());
}

// --- The calls ---------------------------------------------------------------------------------

Config app_config() {
  Config config = small_config();
  config.github.app = GithubAppConfig{"123456", {}, 0};
  config.github.webhook_secret = SecretReference{};
  config.repositories.front().webhook = Webhook::derived;
  return config;
}

struct Bench : Service {
  github::AppToken tokens{github_wire, clock, RsaKey::from_pem(Secret(k_test_key)).value(), {}};
  github::GithubClient of_app{github_wire, clock, tokens, github::Bench::organization_settings()};
  Redeliverer redeliverer{config, clock, log, of_app};

  explicit Bench(Config a_config = app_config()) : Service(std::move(a_config)) {}

  void look() { redeliverer.look(clock.steady() + Seconds{5}); }
  void look_a_minute_later() {
    clock.advance(Seconds{61});
    look();
  }
  std::string failed(int id) {
    return R"({"id":)" + std::to_string(id) + R"(,"guid":"g)" + std::to_string(id) +
           R"(","delivered_at":")" + iso8601(clock.wall()) +
           R"(","redelivery":false,"status_code":502,"event":"workflow_job","action":"queued"})";
  }
  void list(const std::string& entries) { github_wire.answer(200, "[" + entries + "]"); }
  std::vector<std::string> sent() const {
    std::vector<std::string> calls;
    for (const HttpRequest& one : github_wire.sent)
      calls.push_back(one.method + one.url.substr(one.url.find("/app")));
    return calls;
  }
  std::size_t warnings() const {
    return static_cast<std::size_t>(std::count_if(
        log.lines.begin(), log.lines.end(),
        [](const CapturingLog::Line& line) { return line.level == LogLevel::warning; }));
  }
};

TEST_CASE("redeliverer: what failed is asked for, each once in a round, and said in the log") {
  Bench bench;
  bench.list(bench.failed(7) + "," + bench.failed(8));
  bench.github_wire.answer(202, "{}");
  bench.github_wire.answer(202, "{}");
  bench.look();
  CHECK(bench.sent() == std::vector<std::string>{"GET/app/hook/deliveries?per_page=100",
                                                 "POST/app/hook/deliveries/8/attempts",
                                                 "POST/app/hook/deliveries/7/attempts"});
  REQUIRE(bench.log.lines.size() == 2);
  CHECK(bench.log.lines.front().event == "delivery-sent-again");
  CHECK(bench.log.lines.front().fields.at("delivery") == "8");
}

TEST_CASE("redeliverer: a round a minute, and no call where nothing failed") {
  Bench bench;
  bench.list("");
  bench.look();
  bench.look();
  bench.clock.advance(Seconds{59});
  bench.look();
  CHECK(bench.sent().size() == 1);
  bench.list("");
  bench.look_a_minute_later();
  CHECK(bench.sent().size() == 2);
}

TEST_CASE("redeliverer: a round asks for ten at most, and a sixteenth of the calls") {
  for (const auto& [per_minute, most] : {std::pair{600, 10}, std::pair{60, 3}}) {
    Config config = app_config();
    config.github.calls_per_minute = per_minute;
    Bench bench(std::move(config));
    std::string entries = bench.failed(1);
    for (int id = 2; id <= 40; ++id) entries += "," + bench.failed(id);
    bench.list(entries);
    for (int i = 0; i < 40; ++i) bench.github_wire.answer(202, "{}");
    bench.look();
    CHECK(bench.sent().size() == static_cast<std::size_t>(most) + 1);
  }
}

TEST_CASE("redeliverer: a token, no secret, or no repository with webhooks: nothing is asked") {
  Config configs[] = {app_config(), app_config(), app_config()};
  configs[0].github.app.reset();
  configs[1].github.webhook_secret.reset();
  configs[2].repositories.front().webhook = Webhook::off;
  for (const Config& config : configs) {
    Bench bench(config);
    bench.look();
    CHECK(bench.calls() == 0);
  }
  Service with_token(app_config());
  Redeliverer redeliverer(with_token.config, with_token.clock, with_token.log, with_token.github);
  redeliverer.look(with_token.clock.steady() + Seconds{5});
  CHECK(with_token.calls() == 0);
}

TEST_CASE("redeliverer: a list that fails is said once, until it works again") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    bench.github_wire.answer(500, "");
    bench.look_a_minute_later();
  }
  CHECK(bench.warnings() == 1);
  bench.github_wire.answer(200, "{}");
  bench.look_a_minute_later();
  CHECK(bench.warnings() == 2);
  bench.list("");
  bench.look_a_minute_later();
  bench.github_wire.answer(200, "{}");
  bench.look_a_minute_later();
  CHECK(bench.warnings() == 3);
  CHECK(bench.sent().size() == 6);
}

TEST_CASE("redeliverer: one that GitHub does not send again keeps no other from it") {
  Bench bench;
  bench.list(bench.failed(7) + "," + bench.failed(8));
  bench.github_wire.answer(422, R"({"message":"too old"})");
  bench.github_wire.answer(202, "{}");
  bench.look();
  CHECK(bench.sent().size() == 3);
  CHECK(bench.warnings() == 1);
}

TEST_CASE("redeliverer: without a second left nothing is asked, and nothing is said") {
  Bench bench;
  bench.redeliverer.look(bench.clock.steady() + Millis{999});
  CHECK(bench.calls() == 0);
  CHECK(bench.log.lines.empty());
  bench.list("");
  bench.look();
  CHECK(bench.sent().size() == 1);
}

}  // namespace
}  // namespace mayfly
