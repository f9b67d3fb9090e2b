#include "service/webhooks.h"

#include <doctest/doctest.h>

#include "github/webhook.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

std::string job_event(const std::string& action, const std::string& label, int attempt = 1,
                      const std::string& repository = "octo/repo") {
  return R"({"action":")" + action + R"(","workflow_job":{"run_id":7,"run_attempt":)" +
         std::to_string(attempt) + R"(,"labels":[")" + label +
         R"("]},"repository":{"full_name":")" + repository + R"("}})";
}

struct Bench {
  explicit Bench(Webhook webhook = Webhook::derived) {
    config.repositories.front().webhook = webhook;
  }

  Config config = small_config();
  CapturingLog log;
  CountingDoorbell doorbell;
  Hints hints;
  Webhooks webhooks{config, {log, doorbell, hints}, Secret("s3cret")};

  Result<Heard> hear(const std::string& body, const std::string& event = "workflow_job") {
    return webhooks.hear(event, github::delivery_signature("s3cret", body), body);
  }
};

const std::string k_label = "mayfly-7-x86_64";

TEST_CASE("webhooks: a job that names a label of ours is noted, once however often it is told") {
  Bench bench;
  for (int i = 0; i < 3; ++i)
    CHECK(bench.hear(job_event("queued", k_label)).value() == Heard::noted);
  CHECK(bench.hear(job_event("completed", k_label)).value() == Heard::noted);
  CHECK(bench.hints.size() == 1);
  CHECK(bench.doorbell.rings == 4);
  const auto hint = bench.hints.take();
  REQUIRE(hint);
  CHECK(hint->first.text == "octo/repo");
  CHECK(hint->second == 7);
  CHECK_FALSE(bench.hints.take());
}

TEST_CASE("webhooks: what is not signed with our secret is not even read") {
  Bench bench;
  const std::string body = job_event("queued", k_label);
  for (const std::string& signature : {std::string(), github::delivery_signature("another", body),
                                       github::delivery_signature("s3cret", body + " ")}) {
    const auto heard = bench.webhooks.hear("workflow_job", signature, body);
    REQUIRE_FALSE(heard);
    CHECK(heard.error().code == Code::webhook_unsigned);
  }
  CHECK(bench.webhooks.hear("workflow_job", "", "no JSON").error().code == Code::webhook_unsigned);
  CHECK(bench.hints.size() == 0);
  CHECK(bench.doorbell.rings == 0);
}

TEST_CASE("webhooks: without a secret nothing is taken, whatever the signature") {
  Bench bench;
  Webhooks off(bench.config, {bench.log, bench.doorbell, bench.hints}, std::nullopt);
  const std::string body = job_event("queued", k_label);
  CHECK_FALSE(off.are_on());
  CHECK(off.hear("workflow_job", github::delivery_signature("", body), body).error().code ==
        Code::webhooks_off);
}

TEST_CASE("webhooks: other events, actions and labels change nothing") {
  Bench bench;
  CHECK(bench.hear("{}", "ping").value() == Heard::ping);
  CHECK(bench.hear("no JSON", "push").value() == Heard::ignored);
  CHECK(bench.hear(job_event("in_progress", k_label)).value() == Heard::ignored);
  CHECK(bench.hear(job_event("waiting", k_label)).value() == Heard::ignored);
  CHECK(bench.hear(job_event("queued", "ubuntu-latest")).value() == Heard::ignored);
  // Another run's label: GitHub's facts would not give it to this one either.
  CHECK(bench.hear(job_event("queued", "mayfly-8-x86_64")).value() == Heard::ignored);
  CHECK(bench.hints.size() == 0);
  CHECK(bench.doorbell.rings == 0);
}

TEST_CASE("webhooks: a repository that is not served is refused, and so is what says nothing") {
  Bench bench;
  CHECK(bench.hear(job_event("queued", k_label, 1, "octo/other")).error().code ==
        Code::repository_not_served);
  CHECK(bench.hear("{}").error().code == Code::bad_field);
  CHECK(bench.hear("{").error().code == Code::bad_json);
  CHECK(bench.hints.size() == 0);
}

TEST_CASE("webhooks: where they may not ask, they still tell of re-runs") {
  Bench bench(Webhook::off);
  CHECK(bench.hear(job_event("queued", k_label)).value() == Heard::ignored);
  CHECK(bench.hear(job_event("queued", k_label, 2)).value() == Heard::noted);
  CHECK(bench.hear(job_event("queued", "rr_runner_a1", 2)).value() == Heard::noted);
  CHECK(bench.hear(job_event("queued", "rr_runner_a1")).value() == Heard::ignored);
}

TEST_CASE("webhooks: a deployment with a profile is told of its own labels alone") {
  Bench bench(Webhook::shared);
  bench.config.profile = "pmu";
  for (const char* label : {"mayfly", "mayfly-x86_64", k_label.c_str(), "mayfly-kvm"})
    CHECK(bench.hear(job_event("queued", label)).value() == Heard::ignored);
  for (const char* label : {"mayfly-pmu", "mayfly-pmu-arm64", "mayfly-pmu-7-x86_64"})
    CHECK(bench.hear(job_event("queued", label)).value() == Heard::noted);
}

TEST_CASE("hints: there are never more than are kept, and the first come first") {
  Hints hints;
  const RepositoryName name{"octo/repo"};
  for (std::size_t i = 1; i <= Hints::k_kept_max; ++i)
    REQUIRE(hints.add(name, static_cast<RunId>(i)));
  CHECK(hints.add(name, 1));
  CHECK_FALSE(hints.add(name, 1'000'000));
  CHECK(hints.size() == Hints::k_kept_max);
  CHECK(hints.take()->second == 1);
  CHECK(hints.add(name, 1'000'000));
}

}  // namespace
}  // namespace mayfly
