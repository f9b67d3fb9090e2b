#pragma once

// One run of a workflow in each of the ways in which jobs come by a runner, played: the hosted
// jobs, which ask with curl, and GitHub's deliveries. GitHub's own part (which job is queued when,
// who gets it) is the emulator's.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/emulator.h"
#include "seam/clock.h"

namespace mayfly::lab {

enum class DemoMode {
  seed,       // rr's workflow: setup asks for a label that it made up, stop gives it back
  old_shape,  // rr's workflow until June 2024: one call for each architecture
  action,     // setup asks as the Action does, and waits until the runners are online
  webhook,    // no setup job asks: GitHub delivers workflow_job events
  rerun,      // a test fails; "re-run failed jobs" runs it again, and no setup job
};
[[nodiscard]] std::string_view to_string(DemoMode mode);
[[nodiscard]] std::string_view text_of(DemoMode mode);  // a sentence for who watches

struct CurlAnswer {
  int status = 0;  // of the curl process: 22 for an HTTP error, as --fail-with-body has it
  std::string output;
};

struct CurlCall {
  std::string path;
  std::string body;
  std::vector<std::string> headers = {};
};

class DemoWorkflow {
 public:
  // webhook_secret: what GitHub signs its deliveries with.
  DemoWorkflow(Emulator& emulator, Entropy& entropy, std::string service_url, DemoMode mode,
               std::string webhook_secret);

  // The run appears on GitHub; nothing has happened yet.
  void start();
  // What setup will ask; none in mode webhook.
  [[nodiscard]] std::vector<CurlCall> set_up_calls() const;
  // The setup job.
  [[nodiscard]] Result<std::vector<CurlAnswer>> set_up();
  // Whether jobs get leases that no answer to setup named.
  [[nodiscard]] bool has_unasked() const {
    return mode_ == DemoMode::webhook || mode_ == DemoMode::rerun;
  }
  // What GitHub has to deliver about jobs that wait; none but in mode webhook.
  [[nodiscard]] std::vector<CurlCall> deliveries() const;
  [[nodiscard]] Result<CurlAnswer> call(const CurlCall& call);
  [[nodiscard]] bool tests_are_done();
  [[nodiscard]] std::vector<CurlCall> stop_calls() const;
  // The stop job's calls.
  [[nodiscard]] Result<std::vector<CurlAnswer>> stop();
  // Somebody presses "re-run failed jobs"; false where no mode of it has that, or no more.
  [[nodiscard]] Result<bool> run_again();

  [[nodiscard]] RunId run() const { return run_; }
  [[nodiscard]] std::string label_for(const std::string& architecture) const;

 private:
  [[nodiscard]] bool is_seed() const {
    return mode_ == DemoMode::seed || mode_ == DemoMode::old_shape;
  }
  [[nodiscard]] Result<std::vector<CurlAnswer>> play_hosted(const std::string& job,
                                                            const std::vector<CurlCall>& calls);

  Emulator& emulator_;
  std::string service_url_;
  std::string id_;
  DemoMode mode_;
  std::string webhook_secret_;
  RunId run_ = 0;
};

}  // namespace mayfly::lab
