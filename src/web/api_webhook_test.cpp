#include <doctest/doctest.h>

#include "base/digest.h"
#include "base/text.h"
#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const std::string k_path = "/v1/webhooks/github";
const std::string k_queued = R"({"action":"queued","workflow_job":{"run_id":7,"labels":)"
                             R"(["mayfly-7-x86_64"]},"repository":{"full_name":"octo/repo"}})";

HttpRequest delivery(const std::string& body, const std::string& event = "workflow_job") {
  HttpRequest request = post(k_path, body);
  request.headers.add("X-GitHub-Event", event);
  request.headers.add("X-Hub-Signature-256", "sha256=" + to_hex(hmac_sha256("s3cret", body)));
  return request;
}

Config with_webhooks() {
  Config config = small_config();
  config.repositories.front().webhook = Webhook::derived;
  return config;
}

struct WebhookBench : ApiBench {
  WebhookBench() : ApiBench(with_webhooks()) {}
  Hints hints;
  Webhooks webhooks{config, {log, doorbell, hints}, Secret("s3cret")};
  Api api{config, {clock, entropy, log, *ledger}, asking, claims, &webhooks};
};

std::string code_of(const HttpResponse& response) { return text_of(object_of(response), "code"); }

TEST_CASE("api: a signed delivery is answered without a call to anybody and without a lease") {
  WebhookBench bench;
  const HttpResponse answer = bench.api.handle(delivery(k_queued));
  CHECK(answer.status == 202);
  CHECK(bench.hints.size() == 1);
  CHECK(bench.doorbell.rings == 1);
  CHECK(bench.calls() == 0);
  CHECK(bench.leases() == 0);
}

TEST_CASE("api: a ping is answered, and other events are taken and ignored") {
  WebhookBench bench;
  CHECK(bench.api.handle(delivery(R"({"zen":"Keep it logically awesome."})", "ping")).status ==
        200);
  CHECK(bench.api.handle(delivery("{}", "push")).status == 204);
  CHECK(bench.hints.size() == 0);
}

TEST_CASE("api: where no secret is set the path says that webhooks are off") {
  ApiBench bench;
  const HttpResponse answer = bench.send(delivery(k_queued));
  CHECK(answer.status == 404);
  CHECK(code_of(answer) == "webhooks-off");
}

TEST_CASE("api: a delivery that is forged, of another form or for nobody changes nothing") {
  WebhookBench bench;
  HttpRequest forged = delivery(k_queued);
  forged.body += " ";
  HttpRequest unsigned_one = delivery(k_queued);
  unsigned_one.headers = {{"Content-Type", "application/json"}, {"X-GitHub-Event", "workflow_job"}};
  HttpRequest nameless = post(k_path, k_queued);
  HttpRequest form = delivery(k_queued);
  form.headers.set("Content-Type", "application/x-www-form-urlencoded");
  std::string foreign = k_queued;
  foreign.replace(foreign.find("octo/repo"), 9, "evil/repo");
  struct Row {
    HttpRequest request;
    int status;
    const char* code;
  };
  for (const Row& row :
       {Row{forged, 401, "webhook-unsigned"}, Row{unsigned_one, 401, "webhook-unsigned"},
        Row{nameless, 400, "bad-field"}, Row{form, 415, "unsupported-media-type"},
        Row{delivery(foreign), 403, "repository-not-served"}, Row{delivery("{}"), 400, "bad-field"},
        Row{delivery("{"), 400, "bad-json"},
        Row{delivery(std::string(k_delivery_max + 1, ' ')), 413, "body-too-large"}}) {
    const HttpResponse answer = bench.api.handle(row.request);
    CHECK_MESSAGE(answer.status == row.status, row.code);
    CHECK(code_of(answer) == row.code);
  }
  CHECK(bench.api.handle({"GET", k_path, {}, ""}).status == 405);
  CHECK(bench.hints.size() == 0);
  CHECK(bench.doorbell.rings == 0);
  CHECK(bench.calls() == 0);
}

TEST_CASE("api: deliveries are not counted among the asks") {
  WebhookBench bench;
  for (int i = 0; i < 200; ++i) CHECK(bench.api.handle(delivery(k_queued)).status == 202);
}

}  // namespace
}  // namespace mayfly
