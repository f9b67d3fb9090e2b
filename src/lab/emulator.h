#pragma once

// EC2, SSM, IMDS and GitHub on loopback sockets, with machines that run the real boot script, or
// models of it. Two listeners: one is AWS (with /imds/ beside it), the other GitHub (with the
// runner's download). The world behind them is in the caller's hands: aws() and github().

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "lab/aws/fake_aws.h"
#include "lab/aws/fake_imds.h"
#include "lab/github/fake_github.h"
#include "lab/machine/process_machines.h"
#include "lab/machine/runner_archive.h"
#include "lab/slow_service.h"
#include "lab/switchboard.h"
#include "os/http_server.h"
#include "os/threads.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/log.h"

namespace mayfly::lab {

inline constexpr const char* k_emulated_token = "github_pat_emulated";

enum class MachineKind {
  processes,  // each runs its user data under bash (machine/process_machines.h)
  models,     // hurried models (machine/model_machines.h): hundreds cost little
  none,       // instances are only rows: running until they are terminated
};

struct EmulatorOptions {
  std::string directory;       // absolute; machines live below it
  std::uint16_t aws_port = 0;  // 0: any free one
  std::uint16_t github_port = 0;
  std::string organization = "rr-debugger";
  std::string repository = "rr-debugger/rr";
  MachineKind machines = MachineKind::processes;
  std::string machine_command = {};      // of processes (machine/process_machines.h); empty: bash
  std::string machines_see_github = {};  // its URL as machines see it; empty: as everybody
  bool limits = true;                    // AWS throttles, and GitHub counts calls
  std::string session_token = {};        // of the AWS key; empty: a long-lived key
  Millis slow_up_to{};  // each call of AWS or GitHub takes a drawn time of at most this
  std::function<void(const HttpRequest&, const HttpResponse&)> on_github_exchange = {};
};

class Emulator {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Emulator>> start(const EmulatorOptions& options,
                                                               Clock& clock, Entropy& entropy,
                                                               Log& log);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  [[nodiscard]] FakeAws& aws() { return *aws_; }
  [[nodiscard]] FakeGithub& github() { return *github_; }
  // Another service on GitHub's listener; it must outlive this object's use.
  void add_github_service(const std::string& prefix, HttpService& service) {
    github_board_.connect(prefix, service);
  }
  [[nodiscard]] std::string aws_url() const;
  [[nodiscard]] std::string github_url() const;
  // Machines whose script runs right now.
  [[nodiscard]] std::size_t machines_on() const { return machines_on_; }

 private:
  Emulator(Clock& clock, Log& log) : clock_(clock), log_(log) {}
  [[nodiscard]] Status listen(const EmulatorOptions& options);
  [[nodiscard]] Status build(const EmulatorOptions& options, Entropy& entropy);
  void connect(Entropy& entropy, Millis slow_up_to);
  void play(const EmulatorOptions& options, Entropy& entropy);
  void play_processes(const EmulatorOptions& options);
  void play_models(Entropy& entropy);
  void play_none();

  Clock& clock_;
  Log& log_;
  Switchboard aws_board_;
  Switchboard github_board_;
  std::unique_ptr<FakeAws> aws_;
  std::unique_ptr<FakeImds> imds_;
  std::unique_ptr<FakeGithub> github_;
  std::unique_ptr<FileService> archive_;
  std::unique_ptr<SlowService> slow_aws_;
  std::unique_ptr<SlowService> slow_github_;
  std::unique_ptr<os::HttpServer> aws_server_;
  std::unique_ptr<os::HttpServer> github_server_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> machines_on_ = 0;
  std::unique_ptr<os::NamedThread> machines_;
};

}  // namespace mayfly::lab
