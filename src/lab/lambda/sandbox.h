#pragma once

// One copy of the function: a process, started as Lambda starts `bootstrap`, and the runtime API
// that it talks to. It is frozen (SIGSTOP) whenever it waits for an invocation, and thawed for the
// next one, as Lambda does it. Source: "Using the Lambda runtime API for custom runtimes" and
// "Lambda execution environment", AWS Lambda developer guide.
//
// Stricter than Lambda: an answer to another invocation than the present one is refused with 403.
// Thread rule: one invoke() at a time.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "os/http_server.h"
#include "os/process.h"
#include "os/threads.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly::lab {

struct SandboxOptions {
  std::string bootstrap;                 // the program
  std::vector<std::string> environment;  // NAME=VALUE; AWS_LAMBDA_RUNTIME_API is added
  std::string log_file;                  // what it prints is appended
  Millis timeout{150'000};               // of one invocation
};

class Sandbox final : public HttpService {
 public:
  // Returns once the process asks for its first invocation: the cold start is over then.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> start(const SandboxOptions& options,
                                                              Clock& clock, Entropy& entropy);
  ~Sandbox() override;

  // The response that was posted. An Error: what the function reported, or that it ended.
  [[nodiscard]] Result<std::string> invoke(const std::string& event);
  [[nodiscard]] bool has_ended() const;
  // From any thread: the process is killed, and an invocation that runs fails.
  void end();

  // The runtime API.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  Sandbox(SandboxOptions options, Clock& clock, Entropy& entropy)
      : options_(std::move(options)), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] Status listen();
  void live();  // on its own thread: the process ends with it
  [[nodiscard]] HttpResponse next();
  [[nodiscard]] HttpResponse take(const std::string& id, Result<std::string> outcome);
  void signal(int number);

  SandboxOptions options_;
  Clock& clock_;
  Entropy& entropy_;
  std::unique_ptr<os::HttpServer> server_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<os::ChildProcess> child_;
  std::optional<Error> failed_;  // it could not be started, or has ended
  bool is_stopping_ = false;
  bool is_waiting_ = false;                     // for an invocation
  std::string id_;                              // of the present invocation, or empty
  std::string event_;                           // not handed over yet
  std::optional<Result<std::string>> outcome_;  // not fetched yet
  std::optional<os::NamedThread> thread_;
};

}  // namespace mayfly::lab
