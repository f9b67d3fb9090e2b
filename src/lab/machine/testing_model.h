#pragma once

// For the tests of the modelled machines: one machine between an emulated GitHub, a metadata
// service and a service that answers every claim with a new runner. One thread.

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lab/github/testing.h"
#include "lab/local_transport.h"
#include "lab/machine/model_machines.h"
#include "lab/machine/testing.h"

namespace mayfly::lab {

inline constexpr const char* k_model_id = "i-0123456789abcdef0";
inline constexpr const char* k_model_lease = "l-0123456789abcdef0123";

class ModelMetadata final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    ++calls;
    const std::string prefix = std::string("/imds/") + k_model_id + "/latest/";
    if (request.method == "PUT") return {200, {}, "token"};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:lease")
      return {200, {}, k_model_lease};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:claim") return {200, {}, "ab12"};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:api") return {200, {}, api};
    if (request.url == prefix + "meta-data/tags/instance/mayfly:expires-at")
      return {200, {}, expires_at};
    if (request.url == prefix + "meta-data/instance-id") return {200, {}, k_model_id};
    return {404, {}, ""};
  }
  int calls = 0;
  std::string expires_at = "9999999999";
  std::string api = "https://mayfly.test";
};

// The service's side: answers claims with what `answers` says, then with a JIT config.
class ModelApi final : public HttpService {
 public:
  explicit ModelApi(GithubBench& github) : github_(github) {}

  HttpResponse handle(const HttpRequest& request) override {
    if (request.method == "GET") return date(request);
    const auto parsed = parse_json(request.body);
    if (!is_known(request)) return refuse(403);
    if (!parsed ||
        !json_string(parsed->as_object(), request.url == "/v1/claims" ? "claim_key" : "event"))
      return refuse(400);
    const json::object& body = parsed->as_object();
    if (request.url != "/v1/claims") {
      events.push_back(json_string(body, "event").value());
      if (on_event) on_event(events.back());
      return {204, {}, ""};
    }
    claims.push_back(json_string(body, "lease").value() + " " +
                     json_string(body, "instance_id").value());
    keys.push_back(json_string(body, "claim_key").value());
    if (keys.size() <= answers.size()) return answers[keys.size() - 1];
    return {200, {}, claim_answer()};
  }

  std::vector<std::string> events;
  std::vector<std::string> keys;
  std::vector<std::string> claims;  // "LEASE INSTANCE"
  int refused = 0;
  int dates_asked = 0;
  std::vector<HttpResponse> answers;
  std::function<void(const std::string&)> on_event;
  std::string run_id = "0";

 private:
  // By the nonce; after its claim, what it reports by the claim's key.
  bool is_known(const HttpRequest& request) const {
    const auto word = request.headers.find("X-Mayfly-Claim");
    if (word == "ab12") return true;
    return word && request.url != "/v1/claims" &&
           std::find(keys.begin(), keys.end(), *word) != keys.end();
  }
  HttpResponse date(const HttpRequest&) {
    ++dates_asked;
    return {404, {}, ""};
  }
  HttpResponse refuse(int status) {
    ++refused;
    return {status, {}, ""};
  }
  std::string claim_answer() {
    const HttpResponse made =
        github_.send("POST", "/orgs/octo/actions/runners/generate-jitconfig",
                     R"({"name":"r)" + std::to_string(++runners_) +
                         R"(","runner_group_id":1,"labels":["mayfly_1","arch_x86_64"]})");
    const std::string jit = json_string(github_.body(made), "encoded_jit_config").value();
    return "repository Octo/repo\nrun_id " + run_id + "\nsudo yes\njit_config " + jit + "\n";
  }

  GithubBench& github_;
  int runners_ = 0;
};

struct ModelWorld {
  GithubBench github;
  ModelMetadata metadata;
  ModelApi api{github};
  LocalTransport transport;
  RememberingPower power;
  ModelSeams seams{transport, github.clock, github.entropy};
  ModelMachines machines;
  RunId run = 0;

  explicit ModelWorld(ModelOptions options = {}) : machines(seams, power, std::move(options)) {
    transport.connect("http://169.254.169.254", metadata);
    transport.connect("https://mayfly.test", api);
    transport.connect("https://api.test", github.github);
    run = github.github.start_run(rr_run());
    github.play_hosted(run, "setup");
    api.run_id = std::to_string(run);
  }

  void start() { machines.on_running(machine_with("", k_model_id)); }
  // Until nothing is due any more, or a day has passed.
  void drive() {
    const SteadyTime end = github.clock.steady() + Seconds{86'400};
    while (const auto next = machines.next_step()) {
      if (*next > end) return;
      github.clock.sleep_until(std::max(*next, github.clock.steady()));
      machines.step();
    }
  }
  std::string conclusion() { return github.job(run, "test").conclusion; }
  bool is_off() {
    return power.ids == std::vector<std::string>{k_model_id} && machines.count() == 0;
  }
};

}  // namespace mayfly::lab
