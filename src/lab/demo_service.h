#pragma once

// The service under demonstration: a `mayfly serve` child process with a configuration of its own,
// and what its public API and its commands say. Thread rule: one thread, which outlives the child.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "lab/emulator.h"
#include "os/process.h"
#include "seam/transport.h"

namespace mayfly::lab {

class DemoService {
 public:
  // Writes DIRECTORY/mayfly.toml, starts the program and waits until it answers.
  [[nodiscard]] static Result<std::unique_ptr<DemoService>> start(const std::string& program,
                                                                  const std::string& directory,
                                                                  Emulator& emulator, Clock& clock,
                                                                  HttpTransport& transport);

  [[nodiscard]] std::string url() const { return url_; }
  // GET of a lease, with its timeline.
  [[nodiscard]] Result<json::object> lease(const std::string& id);
  // A command of the program, with --json: what it printed.
  [[nodiscard]] Result<json::value> command(const std::vector<std::string>& words);
  // SIGTERM, and how it ended: 0 when well.
  [[nodiscard]] int stop();

 private:
  DemoService(Clock& clock, HttpTransport& transport) : clock_(clock), transport_(transport) {}
  [[nodiscard]] Status spawn(const std::string& program, const std::string& directory,
                             const Emulator& emulator);
  [[nodiscard]] Status wait_until_it_answers();

  Clock& clock_;
  HttpTransport& transport_;
  std::string program_;
  std::string directory_;
  std::string url_;
  std::string health_url_;
  std::vector<std::string> environment_;
  std::unique_ptr<os::ChildProcess> child_;
};

}  // namespace mayfly::lab
