#include "lab/emulator.h"

#include <limits>

#include "http/problem.h"
#include "lab/machine/files.h"
#include "lab/machine/model_machines.h"
#include "os/http_transport.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_machine_step{20};
constexpr const char* k_runner_version = "2.336.0";
constexpr std::int64_t k_unlimited = std::numeric_limits<std::int64_t>::max() / 2;
constexpr std::size_t k_workers = 16;  // a slow answer holds one

Result<std::unique_ptr<os::HttpServer>> serve(HttpService& service, std::uint16_t port) {
  os::HttpServerOptions options;
  options.port = port;
  options.workers = k_workers;
  options.body_bytes_max = 1024 * 1024;  // a thousand ids in one call
  options.on_error = [](const Error& error) { return problem_response(error); };
  return os::HttpServer::start(service, std::move(options));
}

GithubDownload download(const std::string& base_url, const std::string& architecture,
                        const RunnerArchive& archive) {
  const std::string name =
      "actions-runner-linux-" + architecture + "-" + k_runner_version + ".tar.gz";
  return {"linux", architecture, base_url + "/_download/" + name, name, archive.sha256};
}

void add_canonical_images(FakeAwsOptions& options) {
  const std::string prefix = "/aws/service/canonical/ubuntu/server/24.04/stable/current/";
  options.parameters[prefix + "amd64/hvm/ebs-gp3/ami-id"] = {"ami-0f3c0000000000002", false};
  options.parameters[prefix + "arm64/hvm/ebs-gp3/ami-id"] = {"ami-0c110000000000003", false};
}

// In a hurry: what takes a real machine half a minute takes a model half a second.
ModelOptions hurried(const std::string& imds_url) {
  ModelOptions options;
  options.imds_url = imds_url;
  options.boot = Millis{100};
  options.install = Millis{100};
  options.poll = Millis{200};
  options.retry = Millis{200};
  options.claim_retry = Millis{200};
  return options;
}

}  // namespace

std::string Emulator::aws_url() const {
  return "http://127.0.0.1:" + std::to_string(aws_server_->port());
}

std::string Emulator::github_url() const {
  return "http://127.0.0.1:" + std::to_string(github_server_->port());
}

Status Emulator::listen(const EmulatorOptions& options) {
  TRY_ASSIGN(aws_server_, serve(aws_board_, options.aws_port));
  TRY_ASSIGN(github_server_, serve(github_board_, options.github_port));
  return {};
}

Status Emulator::build(const EmulatorOptions& options, Entropy& entropy) {
  TRY_ASSIGN(const RunnerArchive archive, make_runner_archive(options.directory));
  TRY(write_file(options.directory + "/app.pem", emulated_app_key()));
  FakeAwsOptions aws_options;
  aws_options.boot_delay = Millis{700};
  aws_options.shutdown_delay = Millis{700};
  aws_options.throttling = options.limits;
  aws_options.keys.front().session_token = options.session_token;
  add_canonical_images(aws_options);
  aws_ = std::make_unique<FakeAws>(clock_, entropy, std::move(aws_options));
  imds_ = std::make_unique<FakeImds>(*aws_, clock_, entropy);

  GithubOptions github_options;
  github_options.base_url = github_url();
  github_options.runner_url = options.machines_see_github;
  github_options.organization = options.organization;
  github_options.repositories = {RepositoryName{options.repository}};
  github_options.token = Secret{k_emulated_token};
  github_options.app = emulated_app();
  const std::string& seen = options.machines_see_github;
  const std::string downloads = seen.empty() ? github_url() : seen;
  github_options.downloads = {download(downloads, "x64", archive),
                              download(downloads, "arm64", archive)};
  github_options.on_exchange = options.on_github_exchange;
  if (!options.limits) {
    github_options.calls_per_hour = k_unlimited;
    github_options.points_per_minute = k_unlimited;
  }
  github_ = std::make_unique<FakeGithub>(clock_, entropy, std::move(github_options));
  archive_ = std::make_unique<FileService>(archive.bytes, "application/gzip");
  connect(entropy, options.slow_up_to);
  return {};
}

// Only the clouds' own calls are slow; what scripts and machines ask is not.
void Emulator::connect(Entropy& entropy, Millis slow_up_to) {
  slow_aws_ = std::make_unique<SlowService>(*aws_, clock_, entropy, slow_up_to);
  slow_github_ = std::make_unique<SlowService>(*github_, clock_, entropy, slow_up_to);
  aws_board_.connect("/", *slow_aws_);
  aws_board_.connect("/_emulator/", *aws_);
  aws_board_.connect("/imds/", *imds_);
  github_board_.connect("/", *slow_github_);
  github_board_.connect("/_runner/", *github_);
  github_board_.connect("/_download/", *archive_);
}

Result<std::unique_ptr<Emulator>> Emulator::start(const EmulatorOptions& options, Clock& clock,
                                                  Entropy& entropy, Log& log) {
  std::unique_ptr<Emulator> emulator(new Emulator(clock, log));
  TRY(emulator->listen(options));
  TRY(emulator->build(options, entropy));
  Emulator* self = emulator.get();
  self->machines_ = std::make_unique<os::NamedThread>(
      "machines", [self, options, &entropy] { self->play(options, entropy); });
  return emulator;
}

void Emulator::play(const EmulatorOptions& options, Entropy& entropy) {
  switch (options.machines) {
    case MachineKind::processes:
      return play_processes(options);
    case MachineKind::models:
      return play_models(entropy);
    case MachineKind::none:
      return play_none();
  }
}

// The machines belong to this thread: they die with it.
void Emulator::play_processes(const EmulatorOptions& options) {
  auto machines = ProcessMachines::create(
      {options.directory + "/machines", aws_url() + "/imds", options.machine_command}, *aws_, log_);
  if (!machines) return log_.error("no-machines", {{"reason", machines.error().message}});
  aws_->observe(machines->get());
  while (!stopping_) {
    aws_->advance();
    (*machines)->step();
    machines_on_ = (*machines)->count();
    clock_.sleep_for(k_machine_step);
  }
  aws_->observe(nullptr);
}

void Emulator::play_models(Entropy& entropy) {
  os::BeastTransport transport(clock_);
  ModelMachines machines({transport, clock_, entropy}, *aws_, hurried(aws_url() + "/imds"));
  aws_->observe(&machines);
  while (!stopping_) {
    aws_->advance();
    machines.step();
    machines_on_ = machines.count();
    clock_.sleep_for(k_machine_step);
  }
  aws_->observe(nullptr);
}

void Emulator::play_none() {
  while (!stopping_) {
    aws_->advance();
    clock_.sleep_for(k_machine_step);
  }
}

Emulator::~Emulator() {
  stopping_ = true;
  machines_.reset();
  if (aws_server_) aws_server_->stop();
  if (github_server_) github_server_->stop();
}

}  // namespace mayfly::lab
