// Deliveries that GitHub could not make, and that the service asks for again as an App.

#include "lab/github/job_delivery.h"
#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

constexpr const char* k_list = "/app/hook/deliveries";
constexpr const char* k_again = "/attempts";

RigOptions with_app() {
  RigOptions options = rr_options();
  options.config.repositories.front().webhook = Webhook::derived;
  options.config.github.webhook_secret =
      SecretReference{SecretReference::Kind::environment, "WEBHOOK_SECRET"};
  options.config.github.token = {};
  options.config.github.app =
      GithubAppConfig{GithubApp().id, {SecretReference::Kind::environment, "APP_KEY"}, 0};
  options.github.app = emulated_app();
  return options;
}

// Two live runs: of the first one job waits for us; the second one hides it on a page of one run.
RunId start_hidden_run(Rig& rig) {
  const RunId run = rig.github().next_run_id();
  RunSpec spec;
  spec.repository = RepositoryName{"rr-debugger/rr"};
  spec.jobs = {{.name = "test",
                .labels = {"mayfly-" + std::to_string(run) + "-x86_64"},
                .duration = Seconds{120}}};
  MAYFLY_CHECK(rig.github().start_run(spec) == run);
  spec.jobs.front().labels = {"of-others"};
  (void)rig.github().start_run(spec);
  return run;
}

JobDelivery delivery_of(Rig& rig, RunId run) {
  return job_delivery(rig.github().jobs(run).front(), {"rr-debugger/rr"}, k_rig_webhook_secret);
}

void note(Rig& rig, const JobDelivery& delivery, int status, const std::string& guid = {}) {
  rig.github().with_deliveries([&](HookDeliveries& deliveries, WallTime now) {
    deliveries.note(delivery, status, now, guid);
  });
}

// What GitHub was asked to send again, which it does.
std::size_t send_asked(Rig& rig) {
  std::vector<HookDelivery> asked;
  rig.github().with_deliveries(
      [&](HookDeliveries& deliveries, WallTime) { asked = deliveries.take_asked(); });
  for (const HookDelivery& one : asked) {
    Headers headers = one.content.headers;
    headers.add("Content-Type", "application/json");
    const auto answer = rig.ask("POST", std::string(k_delivery_path), one.content.body, headers);
    note(rig, one.content, answer ? answer->status : 502, one.guid);
  }
  return asked.size();
}

std::size_t said(Rig& rig, const std::string& event) {
  const auto& lines = rig.log().lines();
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const auto& line) { return line.event == event; }));
}

TEST_CASE("rig: a job beyond the page of live runs gets its runner when its delivery comes again") {
  RigOptions options = with_app();
  options.github.page_max = 1;
  Rig rig(options);
  const RunId run = start_hidden_run(rig);
  note(rig, delivery_of(rig, run), 502);
  rig.run_for(Seconds{100});
  CHECK(leases(rig).empty());
  CHECK(calls_to(rig, k_again) >= 1);
  CHECK(send_asked(rig) >= 1);
  REQUIRE(rig.run_until([&] { return !leases(rig).empty(); }, Seconds{20}));
  const std::size_t asked = calls_to(rig, k_again);
  REQUIRE(rig.run_until([&] { return rig.github().outcome(run).state == JobState::completed; },
                        Seconds{600}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(calls_to(rig, k_again) == asked);
  CHECK(said(rig, "delivery-sent-again") == asked);
  CHECK(leases(rig).size() == 1);
}

TEST_CASE("rig: a delivery that fails again and again is asked for three times") {
  Rig rig(with_app());
  const RunId run = start_hidden_run(rig);
  note(rig, delivery_of(rig, run), 503);
  for (int minute = 0; minute < 10; ++minute) {
    rig.run_for(Seconds{60});
    rig.github().with_deliveries([](HookDeliveries& deliveries, WallTime now) {
      for (const HookDelivery& one : deliveries.take_asked())
        deliveries.note(one.content, 503, now, one.guid);
    });
  }
  CHECK(calls_to(rig, k_again) == 3);
}

TEST_CASE("rig: a delivery that the service refused is not asked for again") {
  Rig rig(with_app());
  const RunId run = start_hidden_run(rig);
  JobDelivery unsigned_one = delivery_of(rig, run);
  unsigned_one.headers = {{"X-GitHub-Event", "workflow_job"}};
  Headers headers = unsigned_one.headers;
  headers.add("Content-Type", "application/json");
  const auto answer = rig.ask("POST", std::string(k_delivery_path), unsigned_one.body, headers);
  REQUIRE(answer);
  CHECK(answer->status == 401);
  note(rig, unsigned_one, answer->status);
  rig.run_for(Seconds{180});
  CHECK(calls_to(rig, "?per_page=100") >= 3);
  CHECK(calls_to(rig, k_again) == 0);
}

TEST_CASE("rig: a GitHub that lists no deliveries keeps nobody from a runner, and is said once") {
  Rig rig(with_app());
  rig.upstream().add(answered(k_list, 500, k_always));
  const RunId run = start_hidden_run(rig);
  note(rig, delivery_of(rig, run), 502);
  REQUIRE(rig.run_until([&] { return !leases(rig).empty(); }, Seconds{60}));
  rig.run_for(Seconds{300});
  CHECK(said(rig, "deliveries-not-sent-again") == 1);
  CHECK(said(rig, "sweep-problem") == 0);
}

TEST_CASE("rig: with a token nobody asks for deliveries") {
  RigOptions options = with_app();
  options.config.github.app.reset();
  options.config.github.token = rr_config().github.token;
  Rig rig(options);
  const RunId run = start_hidden_run(rig);
  note(rig, delivery_of(rig, run), 502);
  rig.run_for(Seconds{180});
  CHECK(rig.upstream().count(k_list) == 0);
}

}  // namespace
}  // namespace mayfly
