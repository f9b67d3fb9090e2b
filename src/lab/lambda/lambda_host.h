#pragma once

// AWS Lambda on this machine: a function URL and a schedule before as many sandboxes as there are
// invocations at once. A sandbox that is idle is used again, the one that worked last first; after
// `invocations_max` it is taken down, so that cold starts go on happening. More than
// `sandboxes_max` at once are refused with 429, as reserved concurrency does.
// Thread rule: safe from many threads; run_schedule() on one of its own.

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "lab/lambda/sandbox.h"
#include "seam/log.h"

namespace mayfly::lab {

struct LambdaOptions {
  SandboxOptions sandbox;
  std::size_t sandboxes_max = 10;
  int invocations_max = 20;  // of one sandbox
};

struct LambdaCounts {
  int invocations = 0;
  int cold_starts = 0;
  int thaws = 0;
  int errors = 0;
};

class LambdaHost final : public HttpService {
 public:
  LambdaHost(LambdaOptions options, Clock& clock, Entropy& entropy, Log& log)
      : options_(std::move(options)), clock_(clock), entropy_(entropy), log_(log) {}

  // The function URL: an event of payload format 2.0 for each request. 502 where the function
  // failed.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;
  // EventBridge: one scheduled event after another until stop() is called.
  void run_schedule(Millis every);
  // Kills what is at work; nothing more is begun.
  void stop();

  [[nodiscard]] LambdaCounts counts() const;

 private:
  struct Warm {
    std::unique_ptr<Sandbox> sandbox;
    int invocations = 0;
  };
  [[nodiscard]] Result<std::string> invoke(const std::string& event);
  [[nodiscard]] Result<Warm> take();
  void give_back(Warm warm);

  LambdaOptions options_;
  Clock& clock_;
  Entropy& entropy_;
  Log& log_;
  std::atomic<bool> is_stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Warm> idle_;
  std::set<Sandbox*> at_work_;
  std::size_t sandboxes_ = 0;  // those that are starting included
  LambdaCounts counts_;
};

}  // namespace mayfly::lab
