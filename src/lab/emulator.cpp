#include "lab/emulator.h"

#include "http/problem.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_machine_step{20};
constexpr const char* k_runner_version = "2.336.0";

Result<std::unique_ptr<os::HttpServer>> serve(HttpService& service, std::uint16_t port) {
  os::HttpServerOptions options;
  options.port = port;
  options.workers = 4;
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
  FakeAwsOptions aws_options;
  aws_options.boot_delay = Millis{700};
  aws_options.shutdown_delay = Millis{700};
  add_canonical_images(aws_options);
  aws_ = std::make_unique<FakeAws>(clock_, entropy, std::move(aws_options));
  imds_ = std::make_unique<FakeImds>(*aws_, clock_, entropy);

  GithubOptions github_options;
  github_options.base_url = github_url();
  github_options.organization = options.organization;
  github_options.repositories = {RepositoryName{options.repository}};
  github_options.token = Secret{k_emulated_token};
  github_options.downloads = {download(github_url(), "x64", archive),
                              download(github_url(), "arm64", archive)};
  github_options.on_exchange = options.on_github_exchange;
  github_ = std::make_unique<FakeGithub>(clock_, entropy, std::move(github_options));
  archive_ = std::make_unique<FileService>(archive.bytes, "application/gzip");

  aws_board_.connect("/", *aws_);
  aws_board_.connect("/imds/", *imds_);
  github_board_.connect("/", *github_);
  github_board_.connect("/_download/", *archive_);
  return {};
}

Result<std::unique_ptr<Emulator>> Emulator::start(const EmulatorOptions& options, Clock& clock,
                                                  Entropy& entropy, Log& log) {
  std::unique_ptr<Emulator> emulator(new Emulator(clock, log));
  TRY(emulator->listen(options));
  TRY(emulator->build(options, entropy));
  Emulator* self = emulator.get();
  self->machines_ = std::make_unique<os::NamedThread>(
      "machines",
      [self, directory = options.directory + "/machines", no_machines = options.no_machines] {
        no_machines ? self->play_without_machines() : self->play_machines(directory);
      });
  return emulator;
}

// The machines belong to this thread: they die with it.
void Emulator::play_machines(const std::string& directory) {
  auto machines = ProcessMachines::create({directory, aws_url() + "/imds"}, *aws_, log_);
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

void Emulator::play_without_machines() {
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
