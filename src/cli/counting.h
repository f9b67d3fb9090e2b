#pragma once

// Counts what comes in and what goes out, for metrics, since this process began. Labels are from
// fixed sets: no caller can make one. Thread rule: safe from many threads; no lock is held across a
// call.

#include <map>
#include <mutex>
#include <string>

#include "base/codes.h"
#include "seam/clock.h"
#include "seam/http_message.h"
#include "seam/transport.h"

namespace mayfly::cli {

struct CallCount {
  std::int64_t calls = 0;
  Millis took{0};
};

class CallTally {
 public:
  void note(const std::string& what, Millis took);
  [[nodiscard]] std::map<std::string, CallCount> get() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, CallCount> counts_;
};

// "ok", or the code of a problem document of ours (base/codes.def).
[[nodiscard]] std::string answer_code(const HttpResponse& response);

// The public API, counted by answer_code().
class CountingService final : public HttpService {
 public:
  CountingService(HttpService& behind, Clock& clock, CallTally& tally)
      : behind_(behind), clock_(clock), tally_(tally) {}
  HttpResponse handle(const HttpRequest& request) override;

 private:
  HttpService& behind_;
  Clock& clock_;
  CallTally& tally_;
};

// What mayfly asks of others, counted as "github 2xx", "aws 5xx", "aws none" (no answer came).
class CountingTransport final : public HttpTransport {
 public:
  CountingTransport(HttpTransport& behind, Clock& clock, CallTally& tally, std::string github_url)
      : behind_(behind), clock_(clock), tally_(tally), github_url_(std::move(github_url)) {}
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override;

 private:
  HttpTransport& behind_;
  Clock& clock_;
  CallTally& tally_;
  std::string github_url_;
};

}  // namespace mayfly::cli
