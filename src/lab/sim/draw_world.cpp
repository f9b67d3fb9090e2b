#include <array>

#include "lab/sim/draw.h"
#include "lab/sim/people.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr const char* k_second_repository = "rr-debugger/second";
constexpr const char* k_token_file = "/var/run/secrets/identity-token";
constexpr const char* k_webhook_variable = "WEBHOOK_SECRET";
constexpr const char* k_app_key_file = "/etc/mayfly/app.pem";

// Honest callers all come from one address here, which asks more than a workflow's would; so most
// worlds have no limit on asks to speak of.
void draw_limits(Config& config, const Scenario& scenario, SeededEntropy& entropy) {
  config.asks = {.per_minute = 100'000, .per_minute_per_prefix = 100'000};
  if (scenario.flooding == 0) return;
  const bool is_flooded = scenario.flooding >= 1000;
  if (is_flooded || entropy.below(3) == 0)
    config.github.calls_per_minute = static_cast<int>(60 + entropy.below(30));
  if (!is_flooded && entropy.below(3) != 0) return;
  config.asks.per_minute = static_cast<int>(20 + entropy.below(400));
  config.asks.per_minute_per_prefix =
      static_cast<int>(10 + entropy.below(static_cast<std::uint64_t>(config.asks.per_minute - 9)));
}

void draw_launch_limits(Caps& limits, Entropy& entropy) {
  const auto some = [&](int low, int spread) {
    return low + static_cast<int>(entropy.below(static_cast<std::uint64_t>(spread)));
  };
  if (entropy.below(3) == 0) limits.machines_per_actor = some(2, 5);
  if (entropy.below(3) == 0) limits.machines_per_pull_request = some(2, 5);
  limits.machines_for_seed_labels = some(2, 7);
  if (entropy.below(3) == 0) limits.launches_per_hour = some(4, 16);
  limits.launch_failures_max = some(2, 4);
  limits.launch_pause = draw_between(entropy, Seconds{60}, Seconds{1200});
}

// The drawn limits are for asks of a few.
void allow_matrices(Caps& limits, int matrix) {
  const Caps none;
  limits.machines_per_run = matrix;
  limits.machines = limits.machines_per_repository = limits.machines_per_pull_request = 4 * matrix;
  limits.machines_per_actor = none.machines_per_actor;
  limits.launches_per_hour = 1000;
  limits.usd_per_day = limits.usd_per_month = Money{10'000'000'000};
}

// More types than rr's one of each architecture.
void add_pools(Config& config) {
  using enum Architecture;
  config.instance_types.push_back({x86_64, "c6i.8xlarge", {1'360'000}});
  config.instance_types.push_back({x86_64, "c7i.8xlarge", {1'428'000}});
  config.instance_types.push_back({arm64, "c7g.8xlarge", {1'160'000}});
}

OnDemand draw_on_demand(std::uint64_t drawn, std::uint64_t seed) {
  if (SeededEntropy(seed * 7919 + 71).below(6) == 0) return OnDemand::after_interruptions;
  constexpr std::array k_policies = {OnDemand::never, OnDemand::when_no_spot, OnDemand::always};
  return k_policies.at(drawn);
}

// Of the same organisation, with labels of its own.
void add_second_repository(Config& config) {
  RepositoryConfig second = config.repositories.front();
  second.name = {k_second_repository};
  second.seed_label_prefix = "second_runner_";
  config.repositories.push_back(std::move(second));
}

// A third of the worlds has an App in place of the token.
void draw_credential(Config& config, std::uint64_t seed) {
  if (SeededEntropy(seed * 7919 + 67).below(3) != 0) return;
  config.github.token = {};
  config.github.app = GithubAppConfig{
      GithubApp().id, {SecretReference::Kind::file, k_app_key_file}, /*installation_id=*/0};
}

// Jobs that nobody asks for, with a webhook or without; runs again by themselves; runs given up.
void draw_waiting_jobs(Config& config, std::uint64_t seed) {
  SeededEntropy entropy(seed * 7919 + 73);
  if (entropy.below(3) == 0)
    config.github.webhook_secret =
        SecretReference{SecretReference::Kind::environment, k_webhook_variable};
  for (RepositoryConfig& repository : config.repositories) {
    if (entropy.below(2) == 0) repository.webhook = Webhook::derived;
    repository.rerun_interrupted = entropy.below(2) == 0;
  }
  const bool is_shared = SeededEntropy(seed * 7919 + 83).below(2) == 0;
  if (is_shared && config.repositories.size() == 1 &&
      config.repositories.front().webhook == Webhook::derived)
    config.repositories.front().webhook = Webhook::shared;
  if (SeededEntropy(seed * 7919 + 89).below(4) == 0) config.profile = "pmu";
  const bool cancels = SeededEntropy(seed * 7919 + 79).below(3) == 0;
  for (RepositoryConfig& repository : config.repositories) repository.cancel_unserved = cancels;
}

}  // namespace

Config draw_config(const Scenario& scenario, std::uint64_t seed) {
  Config config = rr_config();
  if (scenario.is_on_table) config.ledger_table = *FakeAwsOptions{}.dynamo_tables.begin();
  if (scenario.drought != Drought::none) add_pools(config);
  if (!scenario.draws_config) return config;
  config.repositories.at(0).policy = draw_policy(seed);
  SeededEntropy entropy(seed * 7919 + 31);
  MachineConfig& machine = config.machine;
  machine.lifetime = draw_between(entropy, std::chrono::minutes{12}, std::chrono::hours{3});
  if (scenario.lifetime_max)
    machine.lifetime = draw_between(entropy, std::chrono::minutes{3}, *scenario.lifetime_max);
  machine.boot_timeout = draw_between(entropy, Seconds{120}, Seconds{600});
  machine.idle_timeout = draw_between(entropy, Seconds{60}, Seconds{600});
  machine.boots_max = static_cast<int>(1 + entropy.below(4));
  machine.on_demand = draw_on_demand(entropy.below(3), seed);
  machine.spot_interruptions_max = static_cast<int>(1 + SeededEntropy(seed * 7919 + 67).below(3));
  machine.capacity_patience = draw_between(entropy, Seconds{0}, Seconds{600});
  config.sweep_every = draw_between(entropy, Seconds{2}, Seconds{10});
  config.limits.machines = static_cast<int>(2 + entropy.below(9));
  config.limits.machines_per_run = static_cast<int>(2 + entropy.below(5));
  if (entropy.below(3) == 0)
    config.limits.machines_per_repository = static_cast<int>(2 + entropy.below(5));
  if (entropy.below(3) == 0) config.limits.usd_per_day = Money{5'000'000};
  if (entropy.below(5) == 0) config.limits.usd_per_month = Money{8'000'000};
  draw_limits(config, scenario, entropy);
  draw_launch_limits(config.limits, entropy);
  if (scenario.matrix_max > Scenario{}.matrix_max)
    allow_matrices(config.limits, scenario.matrix_max);
  if (SeededEntropy(seed * 7919 + 61).below(3) == 0) add_second_repository(config);
  draw_credential(config, seed);
  draw_waiting_jobs(config, seed);
  return config;
}

std::unique_ptr<Environment> make_environment(const Scenario& scenario) {
  std::map<std::string, std::string> variables = {{"AWS_ENDPOINT_URL", k_ec2_url},
                                                  {"GITHUB_TOKEN", k_github_token},
                                                  {k_webhook_variable, k_webhook_secret}};
  if (scenario.web_identity) {
    variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = k_token_file;
    variables["AWS_ROLE_ARN"] = k_role;
  } else {
    const AccessKey key = FakeAwsOptions{}.keys.front();
    variables["AWS_ACCESS_KEY_ID"] = key.id;
    variables["AWS_SECRET_ACCESS_KEY"] = key.secret;
  }
  return std::make_unique<FixedEnvironment>(
      std::move(variables),
      std::map<std::string, std::string>{{k_token_file, k_identity_token},
                                         {k_app_key_file, std::string(emulated_app_key())}});
}

}  // namespace mayfly::lab::sim
