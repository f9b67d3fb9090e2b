#pragma once

// The API over the scripted service, and what holds of every answer and every log line of it.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/json.h"
#include "fuzz/laws.h"
#include "web/testing.h"

namespace mayfly::fuzz {

// docs/api.md.
inline bool is_success_status(int status) {
  return status == 200 || status == 201 || status == 202 || status == 204;
}

inline void check_problem(const HttpResponse& response) {
  law(response.headers.find("Content-Type") == "application/problem+json",
      "every refusal is a problem document");
  const auto document = parse_json(response.body);
  law(document && document->is_object(), "a problem document is strict JSON", response.body);
  const json::object& problem = document->get_object();
  const auto code = code_named(json_string(problem, "code").value_or(""));
  law(code.has_value(), "the code of a problem is a known one", response.body);
  const CodeInfo& known = info(*code);
  law(response.status == known.http_status && json_int(problem, "status") == response.status,
      "a problem's status is the one of its code", response.body);
  law(json_string(problem, "title") == known.title &&
          json_string(problem, "remedy") == known.remedy,
      "a problem's title and remedy are those of its code");
  law(json_string(problem, "type") == "urn:mayfly:error:" + std::string(known.name),
      "a problem's type names its code");
  const bool says_when = response.headers.find("Retry-After").has_value();
  law(says_when || (response.status != 429 && response.status != 503),
      "429 and 503 say when to come again");
  check_error({*code, json_string(problem, "detail").value_or("")});
}

// Of an answer as it leaves, whoever made it.
inline void check_answer(const HttpResponse& response) {
  if (!is_success_status(response.status)) return check_problem(response);
  if (response.headers.find("Content-Type") == "application/json")
    law(parse_json(response.body).has_value(), "an answer is strict JSON", response.body);
}

// Keeps one service from input to input, and makes a new one after an input that changed it: the
// same input is always answered the same.
class ApiHarness {
 public:
  using Bench = testing::ApiBench;
  using Prepare = std::function<void(Bench&)>;

  // prepare is called once for each new service.
  explicit ApiHarness(Prepare prepare = [](Bench&) {}) : prepare_(std::move(prepare)) {}

  Bench& bench() {
    if (!bench_) {
      bench_ = std::make_unique<Bench>();
      prepare_(*bench_);
      bench_->log.lines.clear();
      began_ = bench_->clock.wall();
    }
    return *bench_;
  }

  HttpResponse ask(const HttpRequest& request) {
    HttpResponse response = bench().send(request);
    law(response.headers.find("X-Request-Id").value_or("").size() == 16,
        "every answer has its request id");
    check_answer(response);
    changed_ = changed_ || response.status < 300 || bench_->clock.wall() != began_;
    return response;
  }

  // After an input: checks and forgets what it left behind.
  void finish(const std::set<std::string>& secrets = {}) {
    for (const auto& line : bench().log.lines) {
      for (const auto& [name, value] : line.fields) {
        law(is_clean(value), "nothing foreign gets raw into the log", value);
        for (const std::string& secret : secrets)
          law(value.find(secret) == std::string::npos, "no secret gets into the log", value);
      }
    }
    bench_->log.lines.clear();
    if (changed_ || bench_->calls() > 0) bench_.reset();
    changed_ = false;
  }

 private:
  Prepare prepare_;
  std::unique_ptr<Bench> bench_;
  WallTime began_{};
  bool changed_ = false;
};

}  // namespace mayfly::fuzz
