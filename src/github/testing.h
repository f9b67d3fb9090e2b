#pragma once

// For the tests of this room: a transport that answers from a script and keeps what it was sent, a
// clock that is moved by hand, and short ways to make answers. One thread.

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "github/client.h"
#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::github {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() override { return wall_; }
  [[nodiscard]] SteadyTime steady() override { return steady_; }
  void sleep_until(SteadyTime t) override { advance(t - steady_); }
  void advance(Millis d) {
    wall_ += d;
    steady_ += d;
  }
  void step_wall(Millis d) { wall_ += d; }

 private:
  WallTime wall_ = wall_from_epoch_seconds(1'800'000'000);
  SteadyTime steady_{};
};

class ScriptedTransport final : public HttpTransport {
 public:
  // An exhausted script answers 599, so that a test sees a request too many.
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, SteadyTime) override {
    sent.push_back(request);
    if (on_send) on_send(request);
    if (script.empty()) return HttpResponse{599, {}, ""};
    auto next = std::move(script.front());
    script.pop_front();
    return next;
  }
  void answer(int status, std::string body, Headers headers = {}) {
    script.emplace_back(HttpResponse{status, std::move(headers), std::move(body)});
  }
  void break_with(Code code) { script.emplace_back(fail(code, "connection reset")); }

  std::vector<HttpRequest> sent;
  std::deque<Result<HttpResponse>> script;
  std::function<void(const HttpRequest&)> on_send;  // before the answer
};

// A client for the organisation "octo" over a script.
struct Bench {
  ScriptedTransport transport;
  ManualClock clock;
  FixedToken token{Secret("s3cret-token")};
  GithubClient client;
  SteadyTime deadline{Seconds{10}};
  RepositoryName repository{"octo/repo"};

  explicit Bench(Settings settings = organization_settings())
      : client(transport, clock, token, std::move(settings)) {}

  static Settings organization_settings() {
    Settings settings;
    settings.api_url = "https://github.test/api/v3";
    settings.scope.organization = "octo";
    settings.calls_per_minute = 100'000;  // the budget has tests of its own
    return settings;
  }
};

inline std::string run_json(RunId id, const std::string& more = "") {
  return R"({"id":)" + std::to_string(id) +
         R"(,"status":"in_progress","event":"pull_request","path":".github/workflows/ci.yml",)" +
         R"("head_sha":"abc","run_attempt":2,"conclusion":null,"head_branch":"topic",)" +
         R"("created_at":"2026-11-23T20:15:30Z","actor":{"login":"ann"},)" +
         R"("repository":{"full_name":"octo/repo"},"head_repository":{"full_name":"ann/repo"})" +
         more + "}";
}

inline std::string runner_json(RunnerId id, const std::string& name) {
  return R"({"id":)" + std::to_string(id) + R"(,"name":")" + name +
         R"(","os":"linux","status":"online","busy":false,"labels":[{"id":1,"name":"x"}]})";
}

inline std::string runners_json(int total, const std::string& runners) {
  return R"({"total_count":)" + std::to_string(total) + R"(,"runners":[)" + runners + "]}";
}

}  // namespace mayfly::github
