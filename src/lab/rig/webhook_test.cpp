// Runs without a setup job: GitHub's webhooks say that a job is queued, or nobody does.

#include <set>

#include "github/webhook.h"
#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

RigOptions with_webhooks() {
  RigOptions options = rr_options();
  options.config.repositories.front().webhook = Webhook::derived;
  options.config.github.webhook_secret =
      SecretReference{SecretReference::Kind::environment, "WEBHOOK_SECRET"};
  return options;
}

// Jobs with these derived labels and nothing else.
RunId start_plain_run(Rig& rig, const std::vector<std::string>& suffixes) {
  const RunId run = rig.github().next_run_id();
  RunSpec spec;
  spec.repository = RepositoryName{"rr-debugger/rr"};
  for (const std::string& suffix : suffixes)
    spec.jobs.push_back({.name = "job-" + std::to_string(spec.jobs.size()),
                         .labels = {"mayfly-" + std::to_string(run) + suffix},
                         .duration = Seconds{120}});
  MAYFLY_CHECK(rig.github().start_run(std::move(spec)) == run);
  return run;
}

bool is_over(Rig& rig, RunId run) { return rig.github().outcome(run).state == JobState::completed; }

int deliver(Rig& rig, RunId run, const std::string& secret, const std::string& action = "queued") {
  const std::string body = R"({"action":")" + action + R"(","workflow_job":{"run_id":)" +
                           std::to_string(run) + R"(,"labels":["mayfly-)" + std::to_string(run) +
                           R"(-x86_64"]},"repository":{"full_name":"rr-debugger/rr"}})";
  const auto answer = rig.ask("POST", "/v1/webhooks/github", body,
                              {{"Content-Type", "application/json"},
                               {"X-GitHub-Event", "workflow_job"},
                               {"X-Hub-Signature-256", github::delivery_signature(secret, body)}});
  return answer ? answer->status : 0;
}

TEST_CASE("rig: a job that names a derived label gets its runner with no setup job at all") {
  Rig rig(with_webhooks());
  rig.run_for(Seconds{3});
  const RunId run = start_plain_run(rig, {"-x86_64"});
  CHECK(deliver(rig, run, k_rig_webhook_secret) == 202);
  REQUIRE(rig.run_until([&] { return !leases(rig).empty(); }, Seconds{6}));
  CHECK(rig.ledger().events(leases(rig).front().id)->front().detail == "webhook");
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{600}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  CHECK(leases(rig).size() == 1);
  check_settled(rig);
}

TEST_CASE("rig: without one delivery arriving the jobs get their runners a round later") {
  Rig rig(with_webhooks());
  const RunId run = start_plain_run(rig, {"-x86_64", "-arm64", "-arm64-1"});
  REQUIRE(rig.run_until([&] { return leases(rig).size() == 3; }, Seconds{120}));
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{600}));
  CHECK(rig.github().outcome(run).conclusion == "success");
}

TEST_CASE("rig: deliveries twice, late and out of order make one lease for one job") {
  Rig rig(with_webhooks());
  const RunId run = start_plain_run(rig, {"-x86_64"});
  CHECK(deliver(rig, run, k_rig_webhook_secret, "completed") == 202);
  for (int i = 0; i < 5; ++i) CHECK(deliver(rig, run, k_rig_webhook_secret) == 202);
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{600}));
  for (int i = 0; i < 5; ++i) CHECK(deliver(rig, run, k_rig_webhook_secret) == 202);
  rig.run_for(Seconds{300});
  CHECK(leases(rig).size() == 1);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: several jobs with one label get a runner each") {
  Rig rig(with_webhooks());
  const RunId run = start_plain_run(rig, {"-x86_64", "-x86_64", "-x86_64"});
  CHECK(deliver(rig, run, k_rig_webhook_secret) == 202);
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{900}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(leases(rig).size() == 3);
  std::set<ClientToken> launches;
  for (const FakeInstance& machine : rig.aws().instances()) launches.insert(machine.client_token);
  CHECK(launches.size() == 1);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: more jobs than a run may have machines are served one after the other") {
  RigOptions options = with_webhooks();
  options.config.limits.machines_per_run = 1;
  Rig rig(options);
  const RunId run = start_plain_run(rig, {"-x86_64", "-x86_64"});
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{1800}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(rig.watch().violations().empty());
}

TEST_CASE("rig: a forged delivery, and another run's label, give nothing") {
  Rig rig(with_webhooks());
  const RunId run = start_plain_run(rig, {"-riscv", "-x86_64-0", "9-x86_64"});
  CHECK(deliver(rig, run, "guess") == 401);
  CHECK(deliver(rig, run, k_rig_webhook_secret) == 202);  // it names a label that no job has
  rig.run_for(Seconds{120});
  CHECK(leases(rig).empty());
}

TEST_CASE("rig: where webhooks may not ask, a first attempt's jobs wait for an ask") {
  RigOptions options = with_webhooks();
  options.config.repositories.front().webhook = Webhook::off;
  Rig rig(options);
  const RunId run = start_plain_run(rig, {"-x86_64"});
  CHECK(deliver(rig, run, k_rig_webhook_secret) == 204);
  rig.run_for(Seconds{120});
  CHECK(leases(rig).empty());
}

}  // namespace
}  // namespace mayfly
