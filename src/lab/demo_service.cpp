#include "lab/demo_service.h"

#include <csignal>

#include "lab/machine/files.h"
#include "os/system_environment.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_start_patience = Seconds{10};
constexpr Millis k_command_patience = Seconds{10};
// EventBridge's schedule comes once a minute, and sandboxes live for hours: here both are hurried,
// so that a run of ten seconds sees several of each.
constexpr Millis k_schedule_every = Seconds{2};
constexpr int k_invocations_max = 8;

class NoService final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest&) override { return {}; }
};

// A port that is free now. Somebody else could take it before it is used; then starting fails, and
// says so.
Result<int> free_port() {
  NoService nothing;
  os::HttpServerOptions options;
  options.on_error = [](const Error&) { return HttpResponse{}; };
  TRY_ASSIGN(const auto server, os::HttpServer::start(nothing, std::move(options)));
  const int port = server->port();
  server->stop();
  return port;
}

std::string configuration(int port, int admin_port, const Emulator& emulator,
                          const std::string& credential, const std::string& ledger) {
  return "deployment = \"demo\"\n"
         "public_url = \"http://127.0.0.1:" +
         std::to_string(port) +
         "\"\n"
         "[listen]\n"
         "port = " +
         std::to_string(port) +
         "\n"
         "admin_port = " +
         std::to_string(admin_port) +
         "\n"
         "[github]\n"
         "api_url = \"" +
         emulator.github_url() + "\"\n" + credential +
         "webhook_secret = \"env:WEBHOOK_SECRET\"\n"
         "organization = \"rr-debugger\"\n"
         "calls_per_minute = 1000\n"
         "[[repository]]\n"
         "name = \"rr-debugger/rr\"\n"
         "seed_labels = \"while-a-run-is-live\"\n"
         "webhook = \"shared\"\n"
         "[aws]\n"
         "region = \"us-east-1\"\n"
         "security_group_ids = [\"sg-0123456789abcdef0\"]\n"
         "subnet_ids = [\"subnet-0a000000000000001\", \"subnet-0b000000000000002\"]\n"
         "[image.x86_64]\n"
         "ssm_parameter = "
         "\"/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id\"\n"
         "[image.arm64]\n"
         "ssm_parameter = "
         "\"/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id\"\n"
         "[[instance_type]]\n"
         "architecture = \"x86_64\"\n"
         "type = \"c5.9xlarge\"\n"
         "usd_per_hour = \"1.53\"\n"
         "[[instance_type]]\n"
         "architecture = \"arm64\"\n"
         "type = \"c6g.8xlarge\"\n"
         "usd_per_hour = \"1.088\"\n"
         "[limits]\n"
         "usd_per_day = \"100.00\"\n"
         "usd_per_month = \"100.00\"\n"
         "[ledger]\n" +
         ledger +
         "\n"
         "[sweep]\n"
         "every = \"1s\"\n";
}

std::vector<std::string> environment_for(const Emulator& emulator, const FakeAwsOptions& account) {
  os::SystemEnvironment environment;
  return {"PATH=" + environment.variable("PATH").value_or("/usr/bin:/bin"),
          "AWS_ENDPOINT_URL=" + emulator.aws_url(),
          "AWS_ACCESS_KEY_ID=" + account.keys.front().id,
          "AWS_SECRET_ACCESS_KEY=" + account.keys.front().secret,
          "AWS_REGION=us-east-1",
          std::string("GITHUB_TOKEN=") + k_emulated_token,
          std::string("WEBHOOK_SECRET=") + k_demo_webhook_secret};
}

}  // namespace

Status DemoService::prepare(const DemoServiceOptions& options, const Emulator& emulator) {
  TRY_ASSIGN(port_, free_port());
  TRY_ASSIGN(const int admin_port, free_port());
  program_ = options.program;
  directory_ = options.directory;
  url_ = "http://127.0.0.1:" + std::to_string(port_);
  health_url_ = "http://127.0.0.1:" + std::to_string(admin_port) + "/healthz";
  const FakeAwsOptions account;
  environment_ = environment_for(emulator, account);
  // Lambda has no disk that outlives a sandbox.
  const std::string ledger = options.on_lambda
                                 ? "table = \"" + *account.dynamo_tables.begin() + "\""
                                 : "path = \"" + directory_ + "/mayfly.db\"";
  std::string credential = "token = \"env:GITHUB_TOKEN\"\n";
  if (options.with_app)  // the emulator has left its key there
    credential = "app_id = \"" + GithubApp().id + "\"\napp_private_key = \"file:" + directory_ +
                 "/app.pem\"\n";
  return write_file(directory_ + "/mayfly.toml",
                    configuration(port_, admin_port, emulator, credential, ledger));
}

Status DemoService::spawn() {
  os::SpawnOptions options;
  options.argv = {program_, "serve", "--config", directory_ + "/mayfly.toml"};
  options.environment = environment_;
  options.output = os::ChildOutput::file;
  options.output_file = directory_ + "/mayfly.log";
  TRY_ASSIGN(os::ChildProcess child, os::ChildProcess::spawn(options));
  child_ = std::make_unique<os::ChildProcess>(std::move(child));
  return wait_until_it_answers();
}

// The function's folder is /var/task there; here it is the demo's own.
Status DemoService::start_lambda() {
  LambdaOptions options;
  options.sandbox.bootstrap = program_;
  options.sandbox.environment = environment_;
  options.sandbox.environment.push_back("LAMBDA_TASK_ROOT=" + directory_);
  options.sandbox.log_file = directory_ + "/mayfly.log";
  options.invocations_max = k_invocations_max;
  lambda_ = std::make_unique<LambdaHost>(options, seams_.clock, seams_.entropy, seams_.log);
  os::HttpServerOptions url;
  url.port = static_cast<std::uint16_t>(port_);
  url.on_error = [](const Error&) { return HttpResponse{400, {}, ""}; };
  TRY_ASSIGN(lambda_url_, os::HttpServer::start(*lambda_, std::move(url)));
  schedule_ = std::make_unique<os::NamedThread>(
      "schedule", [host = lambda_.get()] { host->run_schedule(k_schedule_every); });
  return {};
}

Status DemoService::wait_until_it_answers() {
  const SteadyTime patience = seams_.clock.steady() + k_start_patience;
  HttpRequest request;
  request.url = health_url_;
  while (seams_.clock.steady() < patience) {
    if (const auto status = child_->wait_for(Millis{0}))
      return fail(Code::internal, "mayfly serve ended with status " + std::to_string(*status) +
                                      "; see " + directory_ + "/mayfly.log");
    const auto answer = seams_.transport.send(request, seams_.clock.steady() + Seconds{1});
    if (answer && answer->status == 200) return {};
    seams_.clock.sleep_for(Millis{20});
  }
  return fail(Code::internal,
              "mayfly serve did not become healthy; see " + directory_ + "/mayfly.log");
}

Result<std::unique_ptr<DemoService>> DemoService::start(const DemoServiceOptions& options,
                                                        Emulator& emulator,
                                                        const DemoServiceSeams& seams) {
  std::unique_ptr<DemoService> service(new DemoService(seams));
  TRY(service->prepare(options, emulator));
  TRY(options.on_lambda ? service->start_lambda() : service->spawn());
  return service;
}

Result<json::object> DemoService::lease(const std::string& id) {
  HttpRequest request;
  request.url = url_ + "/v1/leases/" + id;
  TRY_ASSIGN(const HttpResponse answer,
             seams_.transport.send(request, seams_.clock.steady() + Seconds{5}));
  TRY_ASSIGN(json::value body, parse_json(answer.body));
  if (answer.status != 200 || !body.is_object())
    return fail(Code::internal, "lease " + id + ": status " + std::to_string(answer.status));
  return std::move(body.get_object());
}

Result<json::value> DemoService::command(const std::vector<std::string>& words) {
  os::SpawnOptions options;
  options.argv = {program_};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  for (const char* word : {"--json", "--config"}) options.argv.emplace_back(word);
  options.argv.push_back(directory_ + "/mayfly.toml");
  options.environment = environment_;
  options.output = os::ChildOutput::pipe;
  TRY_ASSIGN(os::ChildProcess child, os::ChildProcess::spawn(options));
  const std::string output = child.read_output();
  if (!child.wait_for(k_command_patience))
    return fail(Code::internal, "mayfly " + words.front() + " does not end");
  // Diagnostics share the pipe; the answer is the last line.
  const std::size_t end = output.find_last_not_of('\n');
  const std::string text = output.substr(0, end == std::string::npos ? 0 : end + 1);
  return parse_json(text.substr(text.rfind('\n') + 1));
}

void DemoService::stop_lambda() {
  if (!lambda_) return;
  lambda_->stop();
  schedule_.reset();
  if (lambda_url_) lambda_url_->stop();
}

DemoService::~DemoService() { stop_lambda(); }

int DemoService::stop() {
  stop_lambda();
  if (!child_) return 0;
  child_->signal_group(SIGTERM);
  return child_->wait_for(Seconds{5}).value_or(-1);
}

}  // namespace mayfly::lab
