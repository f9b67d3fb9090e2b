// The configuration file: TOML, and the values made of it.

#include "config/config.h"

#include "base/money.h"
#include "config/forms.h"
#include "fuzz/laws.h"

namespace mayfly::fuzz {
namespace {

bool is_within(Millis value, Millis min, Millis max) { return value >= min && value <= max; }
bool is_within(int value, int min, int max) { return value >= min && value <= max; }

void check_machine(const MachineConfig& machine) {
  using std::chrono::hours;
  using std::chrono::minutes;
  law(is_within(machine.lifetime, minutes{5}, hours{24}), "a lifetime is from 5m to 24h");
  law(is_within(machine.boot_timeout, minutes{1}, hours{1}), "a boot may take from 1m to 1h");
  law(is_within(machine.idle_timeout, minutes{1}, hours{2}), "a runner may idle from 1m to 2h");
  law(machine.boot_timeout + machine.idle_timeout < machine.lifetime, "time is left for a job");
  law(is_within(machine.capacity_patience, Millis{0}, hours{1}), "patience ends within an hour");
  law(is_within(machine.boots_max, 1, 10), "a lease has from 1 to 10 launches");
  law(is_within(machine.root_volume_gb, 8, 1024), "a volume has from 8 to 1024 GB");
}

void check_limits(const Caps& limits) {
  constexpr Money k_million{1'000'000'000'000};
  law(is_within(limits.machines, 1, 1000) && is_within(limits.machines_per_repository, 1, 1000) &&
          is_within(limits.machines_per_run, 1, 256),
      "no limit on machines is absent");
  law(is_within(limits.machines_per_actor, 1, 1000) &&
          is_within(limits.machines_per_pull_request, 1, 1000) &&
          is_within(limits.machines_for_seed_labels, 1, 1000) &&
          is_within(limits.launches_per_hour, 1, 10'000) &&
          is_within(limits.launch_failures_max, 1, 100) &&
          is_within(limits.launch_pause, std::chrono::minutes{1}, std::chrono::hours{24}),
      "no limit on launches is absent");
  for (const Money cap : {limits.usd_per_day, limits.usd_per_month})
    law(cap > Money{} && cap < k_million, "no limit on money is absent");
}

void check_pools(const Config& config) {
  law(!config.repositories.empty() && config.repositories.size() <= 256, "a repository is served");
  for (const RepositoryConfig& repository : config.repositories) {
    law(parse_repository(repository.name.text).has_value(), "a repository is owner/name");
    law(config.find_repository(repository.name) == &repository,
        "a repository is found by its name");
    law(is_label_prefix(repository.seed_label_prefix), "a prefix has its form");
  }
  law(!config.instance_types.empty(), "something can be launched");
  for (const InstanceTypeConfig& type : config.instance_types) {
    law(is_instance_type(type.instance_type), "an instance type has its form");
    law(config.images.contains(type.architecture), "every type has an image");
    law(config.worst_price_for(type.architecture) >= type.usd_per_hour, "the worst price is one");
  }
  for (const auto& [architecture, image] : config.images)
    law(int{!image.id.empty()} + int{!image.ssm_parameter.empty()} + int{!image.owner.empty()} == 1,
        "an image has one form");
}

void check_accepted(const Config& config) {
  law(is_deployment(config.deployment), "a deployment has its form", config.deployment);
  law(is_base_url(config.public_url), "the public URL is one", config.public_url);
  law(is_private_url(config.github.api_url), "the credential travels in private");
  law(!config.github.token.name.empty(), "the token is a reference");
  law(is_region(config.aws.region), "a region has its form");
  law(is_within(config.listen.port, 1, 65535) && is_within(config.listen.workers, 1, 256),
      "a port and the workers are within bounds");
  law(!config.aws.subnet_ids.empty() && config.aws.subnet_ids.size() <= 32, "1 to 32 subnets");
  law(is_within(config.sweep_every, Seconds{1}, Seconds{60}), "a sweep comes every 1s to 60s");
  law(is_within(config.github.calls_per_minute, 60, 10'000), "calls to GitHub are within bounds");
  law(is_within(config.asks.per_minute, 1, 100'000) &&
          is_within(config.asks.per_minute_per_prefix, 1, config.asks.per_minute),
      "a neighbourhood gets no more than all");
  check_machine(config.machine);
  check_limits(config.limits);
  check_pools(config);
  for (const std::string& warning : warnings(config))
    law(!warning.empty() && is_clean(warning), "a warning is a clean sentence", warning);
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  const std::string_view text = fuzz::text_of(data, size);
  const auto config = parse_config(text, "mayfly.toml");
  if (!config) {
    fuzz::check_error(config.error());
    fuzz::law(config.error().code == Code::config_invalid, "a bad file is config-invalid");
    fuzz::law(config.error().message.starts_with("mayfly.toml:"), "a refusal names the file",
              config.error().message);
    return 0;
  }
  fuzz::check_accepted(*config);
  fuzz::law(parse_config(std::string(text) + "\n# the same\n", "mayfly.toml").has_value(),
            "a comment changes nothing");
  return 0;
}
