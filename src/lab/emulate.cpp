#include "lab/emulate.h"

#include <atomic>
#include <cstdio>

#include "http/problem.h"
#include "lab/control.h"
#include "lab/machine/files.h"
#include "lab/recorder.h"
#include "os/line_log.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/system_entropy.h"

namespace mayfly::lab {
namespace {

void explain(Emulator& emulator, const std::string& directory, const std::string& session_token) {
  const FakeAwsOptions account;
  std::printf(
      "emulated EC2, SSM and STS at %s, GitHub at %s, machines in %s\n\n"
      "To point a mayfly (or the AWS CLI, with --endpoint-url) at it:\n"
      "  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%s\n"
      "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\n"
      "  export GITHUB_TOKEN=%s\n"
      "or, as a GitHub App: github.app_id = \"%s\", github.app_private_key = \"file:%s/app.pem\"\n"
      "In its configuration: github.api_url = \"%s\", github.organization = \"rr-debugger\",\n"
      "aws.security_group_ids = [\"%s\"], aws.subnet_ids = [\"%s\"].\n"
      "To start rr's workflow there: curl --data '{\"label\":\"rr_runner_1\"}' %s/_emulator/runs\n"
      "Ctrl-C ends it, and every machine with it.\n",
      emulator.aws_url().c_str(), emulator.github_url().c_str(), directory.c_str(),
      emulator.aws_url().c_str(), account.region.c_str(), account.region.c_str(),
      account.keys.front().id.c_str(), account.keys.front().secret.c_str(), k_emulated_token,
      GithubApp().id.c_str(), directory.c_str(), emulator.github_url().c_str(),
      account.security_groups.begin()->c_str(), account.subnets.begin()->first.c_str(),
      emulator.github_url().c_str());
  if (!session_token.empty()) std::printf("  export AWS_SESSION_TOKEN=%s\n", session_token.c_str());
  std::fflush(stdout);
}

// How many calls GitHub's API has had, those of runners left out: {"github_calls":N}.
class CallCount final : public HttpService {
 public:
  void note(const HttpRequest& request) { calls_ += !request.url.starts_with("/_runner/"); }
  [[nodiscard]] HttpResponse handle(const HttpRequest& /*request*/) override {
    return json_response(200, "{\"github_calls\":" + std::to_string(calls_) + "}\n");
  }

 private:
  std::atomic<std::int64_t> calls_ = 0;
};

Result<int> run(const EmulateOptions& options, const std::string& directory) {
  os::StopSignal stop;
  os::SystemClock clock;
  os::SystemEntropy entropy;
  os::LineLog log(clock, {2, LogLevel::info, os::log_form_for(2)});
  std::unique_ptr<Recorder> recorder;
  EmulatorOptions emulator_options;
  emulator_options.directory = directory;
  emulator_options.aws_port = options.aws_port;
  emulator_options.github_port = options.github_port;
  emulator_options.machines = options.machines;
  emulator_options.limits = options.limits;
  emulator_options.machine_command = options.machine_command;
  emulator_options.machines_see_github = options.machines_see_github;
  emulator_options.session_token = options.session_token;
  emulator_options.slow_up_to = Millis{options.slow_ms};
  if (!options.record.empty()) {
    TRY_ASSIGN(recorder, Recorder::open(options.record));
  }
  CallCount calls;
  emulator_options.on_github_exchange = [&](const HttpRequest& request,
                                            const HttpResponse& response) {
    calls.note(request);
    if (recorder) recorder->note(request, response);
  };
  TRY_ASSIGN(const auto emulator, Emulator::start(emulator_options, clock, entropy, log));
  Control control(emulator->github(), emulator_options.repository);
  emulator->add_github_service("/_emulator/", control);
  emulator->add_github_service("/_emulator/calls", calls);
  explain(*emulator, directory, options.session_token);
  stop.wait();
  return 0;
}

}  // namespace

int run_emulate(const EmulateOptions& options) {
  os::ignore_broken_pipes();
  const auto made = working_directory(options.directory, "mayfly-emulate");
  if (!made) {
    std::fprintf(stderr, "mayfly emulate: %s\n", made.error().message.c_str());
    return 2;
  }
  const std::string& directory = *made;
  const Result<int> status = run(options, directory);
  if (!status) std::fprintf(stderr, "mayfly emulate: %s\n", status.error().message.c_str());
  if (options.directory.empty()) remove_all(directory);
  return status ? *status : 2;
}

}  // namespace mayfly::lab
