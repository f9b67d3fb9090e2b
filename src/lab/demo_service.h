#pragma once

// The service under demonstration: a `mayfly serve` child process with a configuration of its own,
// or the same program behind an emulated Lambda, and what its public API and its commands say.
// Thread rule: one thread, which outlives the child.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "lab/emulator.h"
#include "lab/lambda/lambda_host.h"
#include "os/process.h"
#include "seam/transport.h"

namespace mayfly::lab {

struct DemoServiceOptions {
  std::string program;
  std::string directory;
  bool on_lambda = false;
  bool with_app = false;  // a GitHub App in place of the token
};

inline constexpr const char* k_demo_webhook_secret = "webhook-secret-of-the-demo";

struct DemoServiceSeams {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  HttpTransport& transport;
};

class DemoService {
 public:
  // Writes DIRECTORY/mayfly.toml, starts the program and waits until it answers.
  [[nodiscard]] static Result<std::unique_ptr<DemoService>> start(const DemoServiceOptions& options,
                                                                  Emulator& emulator,
                                                                  const DemoServiceSeams& seams);

  [[nodiscard]] std::string url() const { return url_; }
  ~DemoService();
  DemoService(const DemoService&) = delete;
  DemoService& operator=(const DemoService&) = delete;

  // GET of a lease, with its timeline.
  [[nodiscard]] Result<json::object> lease(const std::string& id);
  // A command of the program, with --json: what it printed.
  [[nodiscard]] Result<json::value> command(const std::vector<std::string>& words);
  // SIGTERM, and how it ended: 0 when well.
  [[nodiscard]] int stop();
  // On Lambda only.
  [[nodiscard]] const LambdaHost* lambda() const { return lambda_.get(); }

 private:
  explicit DemoService(const DemoServiceSeams& seams) : seams_(seams) {}
  [[nodiscard]] Status prepare(const DemoServiceOptions& options, const Emulator& emulator);
  [[nodiscard]] Status spawn();
  [[nodiscard]] Status start_lambda();
  void stop_lambda();
  [[nodiscard]] Status wait_until_it_answers();

  DemoServiceSeams seams_;
  std::string program_;
  std::string directory_;
  int port_ = 0;
  std::string url_;
  std::string health_url_;
  std::vector<std::string> environment_;
  std::unique_ptr<os::ChildProcess> child_;
  std::unique_ptr<LambdaHost> lambda_;
  std::unique_ptr<os::HttpServer> lambda_url_;
  std::unique_ptr<os::NamedThread> schedule_;
};

}  // namespace mayfly::lab
