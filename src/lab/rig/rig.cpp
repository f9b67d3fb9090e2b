#include "lab/rig/rig.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace mayfly::lab {
namespace {

constexpr const char* k_token = "github_pat_of_the_rig";

constexpr std::string_view k_rr_toml = R"(deployment = "rr"
public_url = "https://mayfly.test"
[listen]
workers = 16
[github]
token = "env:GITHUB_TOKEN"
organization = "rr-debugger"
[[repository]]
name = "rr-debugger/rr"
seed_labels = "while-a-run-is-live"
[aws]
region = "us-east-1"
security_group_ids = ["sg-0123456789abcdef0"]
subnet_ids = ["subnet-0a000000000000001", "subnet-0b000000000000002"]
[image.x86_64]
owner = "099720109477"
name_pattern = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*"
[image.arm64]
owner = "099720109477"
name_pattern = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*"
[[instance_type]]
architecture = "x86_64"
type = "c5.9xlarge"
usd_per_hour = "1.53"
[[instance_type]]
architecture = "arm64"
type = "c6g.8xlarge"
usd_per_hour = "1.088"
[machine]
lifetime = "1h"
[limits]
asks_per_minute = 10000
asks_per_minute_per_prefix = 10000
machines_for_seed_labels = 10
usd_per_day = "100.00"
usd_per_month = "1000.00"
)";

std::map<std::string, std::string> environment_of(const FakeAwsOptions& aws) {
  const AccessKey& key = aws.keys.front();
  return {{"AWS_ACCESS_KEY_ID", key.id},
          {"AWS_SECRET_ACCESS_KEY", key.secret},
          {"AWS_ENDPOINT_URL", k_ec2_url},
          {"GITHUB_TOKEN", k_token},
          {"APP_KEY", std::string(emulated_app_key())},
          {"WEBHOOK_SECRET", k_rig_webhook_secret}};
}

// Marks something as going on for as long as it does, also when the process dies over it.
class Going {
 public:
  explicit Going(bool& flag) : flag_(flag) { flag_ = true; }
  ~Going() { flag_ = false; }
  Going(const Going&) = delete;
  Going& operator=(const Going&) = delete;

 private:
  bool& flag_;
};

class Deeper {
 public:
  explicit Deeper(int& depth) : depth_(depth) { ++depth_; }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  int& depth_;
};

}  // namespace

Config rr_config() {
  auto config = parse_config(k_rr_toml, "rig.toml");
  if (!config) check_failed(config.error().message.c_str(), __FILE__, __LINE__);
  return *config;
}

RigOptions rr_options() {
  RigOptions options;
  options.config = rr_config();
  options.github.organization = "rr-debugger";
  options.github.repositories = {{"rr-debugger/rr"}};
  options.github.token = Secret(k_token);
  options.github.downloads = {{"linux", "x64", "https://dl.test/x.tar.gz",
                               "actions-runner-linux-x64-2.336.0.tar.gz", "aa00"},
                              {"linux", "arm64", "https://dl.test/a.tar.gz",
                               "actions-runner-linux-arm64-2.336.0.tar.gz", "bb11"}};
  return options;
}

Rig::Rig(RigOptions options)
    : options_(std::move(options)),
      aws_entropy_(options_.seed),
      github_entropy_(options_.seed + 1),
      machine_entropy_(options_.seed + 2),
      service_entropy_(options_.seed + 3),
      environment_(environment_of(options_.aws)),
      aws_(clock_, aws_entropy_, options_.aws),
      imds_(aws_, clock_, aws_entropy_),
      github_(clock_, github_entropy_, options_.github),
      upstream_(network_, clock_),
      machine_net_(machine_network_, clock_),
      machines_({machine_net_, clock_, machine_entropy_}, aws_, options_.machines),
      watch_(aws_, clock_, {options_.config.limits.machines, Seconds{30}}) {
  network_.connect(k_ec2_url, aws_);
  network_.connect(k_github_url, github_);
  network_.connect(k_imds_url, imds_);
  aws_.observe(&machines_);
  clock_.on_sleep([this](SteadyTime t) {
    live_until(t);
    // Who died while this call slept does not wake up again.
    if (is_dying_ && depth_ > 0) throw Killed{};
  });
  start_service();
}

void Rig::start_service() {
  service_.reset();
  const bool keeps_ledger = options_.ledger_path == ":memory:" && ledger_ != nullptr;
  if (!keeps_ledger) {
    ledger_.reset();
    auto opened = SqliteLedger::open(options_.ledger_path);
    MAYFLY_CHECK(opened.has_value());
    ledger_ = std::move(*opened);
  }
  const World world{clock_, service_entropy_, log_, environment_, upstream_, doorbell_, *ledger_};
  auto plane = ControlPlane::make(options_.config, world);
  MAYFLY_CHECK(plane.has_value());
  service_ = std::make_unique<Service>();
  service_->plane = std::move(*plane);
  service_->api = std::make_unique<Api>(
      options_.config, ApiSeams{clock_, service_entropy_, log_, *ledger_},
      service_->plane->asking(), service_->plane->claims(), &service_->plane->webhooks());
  is_dying_ = false;
  next_sweep_ = clock_.steady();
}

bool Rig::inside(const std::function<void(Service&)>& fn) {
  if (is_dying_) return false;
  const int deaths_before = deaths_;
  try {
    const Deeper deeper(depth_);
    fn(*service_);
  } catch (const Killed&) {
    if (!is_dying_) ++deaths_;
    is_dying_ = true;
  }
  if (is_dying_ && depth_ == 0) start_service();
  return deaths_ == deaths_before;
}

Result<HttpResponse> Rig::serve(HttpRequest request) {
  if (is_dying_) return fail(Code::transport_not_sent, "the service is down");
  HttpResponse response;
  const bool lived = inside([&](Service& service) { response = service.api->handle(request); });
  if (!lived) return fail(Code::transport_lost, "the service died over this request");
  return response;
}

Result<HttpResponse> Rig::MachineNetwork::send(const HttpRequest& request, SteadyTime deadline) {
  const std::string api = k_rig_api;
  if (!request.url.starts_with(api)) return rig_.network_.send(request, deadline);
  HttpRequest inbound = request;
  inbound.url = request.url.substr(api.size());
  inbound.peer = "198.18.0.4";
  return rig_.serve(std::move(inbound));
}

Result<HttpResponse> Rig::ask(const std::string& method, const std::string& path,
                              const std::string& body, const Headers& extra) {
  HttpRequest request{method, path, {{"Host", "mayfly.test"}, {"User-Agent", "curl/8"}}, body};
  request.peer = "203.0.113.7";
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  for (const Header& header : extra) request.headers.add(header.name, header.value);
  return serve(std::move(request));
}

HttpResponse Rig::post(const std::string& path, const json::object& body) {
  auto answer = ask("POST", path, json::serialize(body));
  return answer ? std::move(*answer) : HttpResponse{0, {}, answer.error().message};
}

std::optional<SweepReport> Rig::sweep() {
  std::optional<SweepReport> report;
  const Going going(is_sweep_going_on_);
  inside([&](Service& service) { report = service.plane->sweeper().sweep(); });
  return report;
}

Result<StatelessReport> Rig::stateless_sweep() {
  AwsClients clients(options_.config, clock_, environment_, network_);
  return mayfly::stateless_sweep(options_.config.deployment, clients.ec2, clock_);
}

void Rig::play_machines() {
  if (are_machines_busy_) return;
  const Going going(are_machines_busy_);
  machines_.step();
}

// To the next thing that happens, and through it.
void Rig::step(SteadyTime until) {
  const SteadyTime now = clock_.steady();
  SteadyTime next = until;
  const auto consider = [&](std::optional<SteadyTime> at) {
    if (at && *at > now) next = std::min(next, *at);
    if (at && *at <= now) next = std::min(next, now + Millis{1});
  };
  consider(aws_.next_change());
  if (!are_machines_busy_) consider(machines_.next_step());
  const bool may_sweep = is_sweeping_on_ && !is_sweep_going_on_ && !is_dying_;
  if (may_sweep) consider(next_sweep_);
  clock_.pass(next - now);

  aws_.advance();
  play_machines();
  if (may_sweep && clock_.steady() >= next_sweep_) {
    next_sweep_ = clock_.steady() + options_.config.sweep_every;
    (void)sweep();
  }
  aws_.advance();
  watch_.look();
}

void Rig::live_until(SteadyTime t) {
  while (clock_.steady() < t) step(t);
}

void Rig::run_for(Millis d) { live_until(clock_.steady() + d); }

bool Rig::run_until(const std::function<bool()>& done, Millis limit) {
  const SteadyTime end = clock_.steady() + limit;
  while (!done()) {
    if (clock_.steady() >= end) return false;
    step(end);
  }
  return true;
}

bool Rig::is_quiet() {
  const auto live = ledger_->live();
  if (!live || !live->empty() || !live_instances(aws_).empty()) return false;
  const std::string prefix = runner_name_prefix(options_.config.deployment);
  const auto runners = github_.runners();
  return std::none_of(runners.begin(), runners.end(),
                      [&](const GithubRunner& runner) { return runner.name.starts_with(prefix); });
}

bool Rig::run_until_quiet(Millis limit) {
  return run_until([this] { return is_quiet(); }, limit);
}

}  // namespace mayfly::lab
