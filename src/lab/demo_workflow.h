#pragma once

// rr's workflow, played: a setup job on a hosted runner that asks for machines with curl, one test
// job per architecture on those machines, and a stop job that always runs. GitHub's own part (which
// job is queued when, who gets it) is the emulator's; this plays the hosted jobs.

#include <string>
#include <vector>

#include "lab/emulator.h"
#include "seam/clock.h"

namespace mayfly::lab {

struct CurlAnswer {
  int status = 0;  // of the curl process: 22 for an HTTP error, as --fail-with-body has it
  std::string output;
};

class DemoWorkflow {
 public:
  // old_shape: one call per architecture, as rr's workflow did until June 2024.
  DemoWorkflow(Emulator& emulator, Entropy& entropy, std::string service_url, bool old_shape);

  // The run appears on GitHub; nothing has happened yet.
  void start();
  // The setup job's call. The bodies are those that rr's workflow files send.
  [[nodiscard]] Result<std::vector<CurlAnswer>> set_up();
  [[nodiscard]] bool tests_are_done();
  // The stop job's call.
  [[nodiscard]] Result<std::vector<CurlAnswer>> stop();

  [[nodiscard]] RunId run() const { return run_; }
  [[nodiscard]] std::string label_for(const std::string& architecture) const;
  [[nodiscard]] std::vector<std::string> create_bodies() const;
  [[nodiscard]] std::vector<std::string> destroy_bodies() const;

 private:
  [[nodiscard]] Result<std::vector<CurlAnswer>> play_hosted(const std::string& job,
                                                            const std::vector<std::string>& bodies);
  [[nodiscard]] Result<CurlAnswer> curl(const std::string& body);

  Emulator& emulator_;
  std::string service_url_;
  std::string id_;
  bool old_shape_;
  RunId run_ = 0;
};

}  // namespace mayfly::lab
