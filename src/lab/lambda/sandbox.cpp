#include "lab/lambda/sandbox.h"

#include <csignal>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_start_patience = Seconds{10};  // Lambda's own limit for INIT
constexpr Millis k_look_every{20};
constexpr const char* k_prefix = "/2018-06-01/runtime";

HttpResponse refused(int status, const std::string& why) {
  return {status, {{"Content-Type", "application/json"}}, "{\"errorMessage\":\"" + why + "\"}"};
}

Error reported(const std::string& body) {
  const auto value = parse_json(body);
  const std::string message = value && value->is_object()
                                  ? json_string(value->get_object(), "errorMessage").value_or(body)
                                  : body;
  return {Code::internal, "the function reported: " + printable(message, 400)};
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options, Clock& clock,
                                                Entropy& entropy) {
  std::unique_ptr<Sandbox> sandbox(new Sandbox(options, clock, entropy));
  TRY(sandbox->listen());
  sandbox->thread_.emplace("sandbox", [raw = sandbox.get()] { raw->live(); });
  std::unique_lock lock(sandbox->mutex_);
  const auto is_decided = [&] { return sandbox->is_waiting_ || sandbox->failed_; };
  if (!sandbox->changed_.wait_for(lock, k_start_patience, is_decided))
    return fail(Code::internal, "the function did not ask for an invocation in time");
  if (sandbox->failed_) return fail(*sandbox->failed_);
  return sandbox;
}

void Sandbox::end() {
  const std::scoped_lock lock(mutex_);
  is_stopping_ = true;
  if (!failed_) failed_ = Error{Code::internal, "the sandbox is taken down"};
  changed_.notify_all();
}

Sandbox::~Sandbox() {
  end();
  thread_.reset();
  if (server_) server_->stop();
}

Status Sandbox::listen() {
  os::HttpServerOptions options;
  options.workers = 2;  // one holds the call for the next invocation
  options.body_bytes_max = 6 * 1024 * 1024;
  options.requests_per_connection_max = 1'000'000;
  options.idle_timeout = std::chrono::hours{1};
  options.on_error = [](const Error& error) { return refused(400, printable(error.message)); };
  TRY_ASSIGN(server_, os::HttpServer::start(*this, std::move(options)));
  return {};
}

void Sandbox::live() {
  os::SpawnOptions spawn;
  spawn.argv = {options_.bootstrap};
  spawn.environment = options_.environment;
  spawn.environment->push_back("AWS_LAMBDA_RUNTIME_API=127.0.0.1:" +
                               std::to_string(server_->port()));
  spawn.output = os::ChildOutput::file;
  spawn.output_file = options_.log_file;
  auto child = os::ChildProcess::spawn(spawn);
  std::unique_lock lock(mutex_);
  if (!child) {
    failed_ = child.error();
    changed_.notify_all();
    return;
  }
  child_.emplace(std::move(*child));
  while (!is_stopping_ && !failed_) {
    if (const auto status = child_->wait_for(Millis{0})) {
      failed_ = Error{Code::internal, "the function ended with status " + std::to_string(*status)};
      changed_.notify_all();
    }
    changed_.wait_for(lock, k_look_every);
  }
  child_.reset();  // kills what is left
}

void Sandbox::signal(int number) {
  if (child_) child_->signal_group(number);
}

Result<std::string> Sandbox::invoke(const std::string& event) {
  std::unique_lock lock(mutex_);
  if (failed_) return fail(*failed_);
  id_ = entropy_.hex(16);
  event_ = event;
  outcome_.reset();
  changed_.notify_all();
  const bool is_over =
      changed_.wait_for(lock, options_.timeout, [this] { return outcome_ || failed_; });
  id_.clear();
  if (outcome_) return std::move(*outcome_);
  if (!is_over) failed_ = Error{Code::internal, "the function took too long"};
  return fail(*failed_);
}

bool Sandbox::has_ended() const {
  const std::scoped_lock lock(mutex_);
  return failed_.has_value();
}

// The invocation before has been answered, or there was none: now the process is frozen.
HttpResponse Sandbox::next() {
  std::unique_lock lock(mutex_);
  is_waiting_ = true;
  changed_.notify_all();
  signal(SIGSTOP);
  changed_.wait(lock, [this] { return !event_.empty() || is_stopping_ || failed_; });
  is_waiting_ = false;
  signal(SIGCONT);
  if (event_.empty()) return refused(500, "the sandbox is taken down");
  const auto deadline = epoch_millis(clock_.wall() + options_.timeout);
  return {200,
          {{"Content-Type", "application/json"},
           {"Lambda-Runtime-Aws-Request-Id", id_},
           {"Lambda-Runtime-Deadline-Ms", std::to_string(deadline)}},
          std::exchange(event_, {})};
}

HttpResponse Sandbox::take(const std::string& id, Result<std::string> outcome) {
  const std::scoped_lock lock(mutex_);
  if (id != id_ || outcome_) return refused(403, "this is not the present invocation");
  outcome_ = std::move(outcome);
  changed_.notify_all();
  return {202, {{"Content-Type", "application/json"}}, "{\"status\":\"OK\"}"};
}

HttpResponse Sandbox::handle(const HttpRequest& request) {
  const std::string prefix = k_prefix;
  if (request.method == "GET" && request.url == prefix + "/invocation/next") return next();
  if (request.method == "POST" && request.url == prefix + "/init/error") {
    const std::scoped_lock lock(mutex_);
    failed_ = reported(request.body);
    changed_.notify_all();
    return {202, {{"Content-Type", "application/json"}}, "{\"status\":\"OK\"}"};
  }
  const std::string invocation = prefix + "/invocation/";
  if (request.method != "POST" || !request.url.starts_with(invocation))
    return refused(404, "no such call");
  const std::string rest = request.url.substr(invocation.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string::npos) return refused(404, "no such call");
  const std::string id = rest.substr(0, slash);
  const std::string what = rest.substr(slash);
  if (what == "/response") return take(id, request.body);
  if (what == "/error") return take(id, fail(reported(request.body)));
  return refused(404, "no such call");
}

}  // namespace mayfly::lab
