#include <algorithm>

#include "base/text.h"
#include "config/parse_tables.h"

namespace mayfly {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr DurationRange k_lifetimes = {minutes{5}, hours{24}};
constexpr DurationRange k_boot_timeouts = {minutes{1}, hours{1}};
constexpr DurationRange k_idle_timeouts = {minutes{1}, hours{2}};
constexpr DurationRange k_patiences = {Seconds{0}, hours{1}};
constexpr IntRange k_boots = {1, 10};
constexpr IntRange k_interruptions = {1, 10};
constexpr IntRange k_volume_gb = {8, 1024};
constexpr IntRange k_ports = {1, 65535};
constexpr IntRange k_admin_ports = {0, 65535};
constexpr IntRange k_workers = {1, 256};
constexpr IntRange k_connections = {1, 4096};
constexpr std::size_t k_proxies_max = 64;
constexpr IntRange k_machines = {1, 1000};
constexpr IntRange k_machines_per_run = {1, 256};
constexpr IntRange k_asks = {1, 100'000};
constexpr IntRange k_launches = {1, 10'000};
constexpr IntRange k_launch_failures = {1, 100};
constexpr DurationRange k_launch_pauses = {minutes{1}, hours{24}};

Result<Money> required_cap(const Section& section, std::string_view key) {
  Money cap;
  TRY(section.require(key));
  TRY(section.money(key, cap));
  if (cap == Money{}) return section.refuse(key, "must be more than 0, or nothing ever starts");
  return cap;
}

Result<std::map<Architecture, std::string>> parse_checksums(const Section& runner) {
  std::map<Architecture, std::string> checksums;
  TRY_ASSIGN(const Section section, runner.table("sha256"));
  for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64}) {
    std::string digest;
    TRY(section.text(to_string(architecture), k_sha256, digest));
    if (!digest.empty()) checksums[architecture] = to_lower(digest);
  }
  return checksums;
}

}  // namespace

Result<ListenConfig> parse_listen(const Section& section) {
  ListenConfig listen;
  TRY(section.text("address", k_address, listen.address));
  TRY(section.integer("port", k_ports, listen.port));
  TRY(section.integer("admin_port", k_admin_ports, listen.admin_port));
  TRY(section.integer("workers", k_workers, listen.workers));
  TRY(section.integer("connections_per_prefix", k_connections, listen.connections_per_prefix));
  TRY(section.text("tls_certificate", k_pem_file, listen.tls_certificate));
  TRY(section.text("tls_key", k_pem_file, listen.tls_key));
  TRY(section.texts("trusted_proxies", k_proxy, k_proxies_max, listen.trusted_proxies));
  if (section.has("tls_certificate")) TRY(section.require("tls_key"));
  if (section.has("tls_key")) TRY(section.require("tls_certificate"));
  if (listen.admin_port == listen.port)
    return section.refuse("admin_port", "must differ from listen.port");
  return listen;
}

Result<MachineConfig> parse_machine(const Section& section) {
  MachineConfig machine;
  TRY(section.duration("lifetime", k_lifetimes, machine.lifetime));
  TRY(section.duration("boot_timeout", k_boot_timeouts, machine.boot_timeout));
  TRY(section.duration("idle_timeout", k_idle_timeouts, machine.idle_timeout));
  TRY(section.integer("boots_max", k_boots, machine.boots_max));
  TRY(section.choice<OnDemand>("on_demand",
                               {{"never", OnDemand::never},
                                {"after-interruptions", OnDemand::after_interruptions},
                                {"when-no-spot", OnDemand::when_no_spot},
                                {"always", OnDemand::always}},
                               machine.on_demand));
  TRY(section.integer("spot_interruptions_max", k_interruptions, machine.spot_interruptions_max));
  TRY(section.duration("capacity_patience", k_patiences, machine.capacity_patience));
  TRY(section.integer("root_volume_gb", k_volume_gb, machine.root_volume_gb));
  TRY(section.boolean("sudo", machine.sudo));
  if (machine.boot_timeout + machine.idle_timeout >= machine.lifetime) {
    return section.refuse("lifetime",
                          "must be longer than machine.boot_timeout and "
                          "machine.idle_timeout together, or no time is left for a job");
  }
  return machine;
}

Result<RunnerConfig> parse_runner(const Section& section) {
  RunnerConfig runner;
  TRY(section.text("version", k_runner_version, runner.version));
  TRY_ASSIGN(runner.sha256, parse_checksums(section));
  TRY(section.text("download_url", k_download_url, runner.download_url));
  for (const char* key : {"sha256", "download_url"}) {
    if (runner.version == "latest" && section.has(key))
      return section.refuse(key, "needs a runner.version that is not \"latest\"");
  }
  return runner;
}

Result<Caps> parse_limits(const Section& section) {
  Caps limits;
  TRY(section.integer("machines", k_machines, limits.machines));
  TRY(section.integer("machines_per_repository", k_machines, limits.machines_per_repository));
  TRY(section.integer("machines_per_run", k_machines_per_run, limits.machines_per_run));
  TRY(section.integer("machines_per_actor", k_machines, limits.machines_per_actor));
  TRY(section.integer("machines_per_pull_request", k_machines, limits.machines_per_pull_request));
  TRY(section.integer("machines_for_seed_labels", k_machines, limits.machines_for_seed_labels));
  TRY(section.integer("launches_per_hour", k_launches, limits.launches_per_hour));
  TRY(section.integer("launch_failures_max", k_launch_failures, limits.launch_failures_max));
  TRY(section.duration("launch_pause", k_launch_pauses, limits.launch_pause));
  TRY_ASSIGN(limits.usd_per_day, required_cap(section, "usd_per_day"));
  TRY_ASSIGN(limits.usd_per_month, required_cap(section, "usd_per_month"));
  return limits;
}

Result<AskConfig> parse_asks(const Section& limits) {
  AskConfig asks;
  TRY(limits.integer("asks_per_minute", k_asks, asks.per_minute));
  asks.per_minute_per_prefix = std::min(asks.per_minute_per_prefix, asks.per_minute);
  TRY(limits.integer("asks_per_minute_per_prefix", k_asks, asks.per_minute_per_prefix));
  if (asks.per_minute_per_prefix > asks.per_minute) {
    return limits.refuse("asks_per_minute_per_prefix",
                         "must be at most limits.asks_per_minute, or it limits nothing");
  }
  return asks;
}

}  // namespace mayfly
