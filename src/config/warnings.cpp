#include "config/config.h"
#include "config/forms.h"

namespace mayfly {
namespace {

using Warnings = std::vector<std::string>;

void warn_about_network(const Config& config, Warnings& out) {
  if (!config.aws.key_name.empty()) {
    out.push_back(
        "aws.key_name is set: whoever holds that key can enter every machine, and a key "
        "is not needed for anything mayfly does");
  }
  if (is_plain_http_to_others(config.public_url)) {
    out.push_back(
        "public_url is plain http: whoever is on the way can read a runner's "
        "configuration and take its job");
  }
  if (!is_loopback_host(config.listen.address) && !config.listen.speaks_tls()) {
    out.push_back(
        "listen.address is not loopback, and there is no listen.tls_certificate: only a proxy "
        "that speaks TLS should reach this port");
  }
}

void warn_about_money(const Config& config, Warnings& out) {
  if (config.machine.lifetime > std::chrono::hours{6}) {
    out.push_back("machine.lifetime is " + human_duration(config.machine.lifetime) +
                  ": that is how long a stranger's job may keep a machine");
  }
  if (config.machine.on_demand == OnDemand::always)
    out.push_back("machine.on_demand is \"always\": spot machines cost a fraction of that");
  for (const InstanceTypeConfig& type : config.instance_types) {
    const Money worst = price_for(type.usd_per_hour, config.machine.lifetime);
    if (worst == Money{}) {
      out.push_back(type.instance_type + " has a price of 0: the money limits do not count it");
    } else if (worst > config.limits.usd_per_day || worst > config.limits.usd_per_month) {
      out.push_back(type.instance_type + " can cost " + human_usd(worst) +
                    " in one lifetime, which is more than a limit allows: it never starts");
    }
  }
}

void warn_about_launches(const Config& config, Warnings& out) {
  const Caps& limits = config.limits;
  const std::string an_hour = std::to_string(limits.launches_per_hour);
  if (limits.launches_per_hour < limits.machines_per_run) {
    out.push_back("limits.launches_per_hour is " + an_hour +
                  ", less than limits.machines_per_run: a run that asks for all of its runners at "
                  "once is always refused");
  } else if (limits.launches_per_hour < limits.machines) {
    out.push_back("limits.launches_per_hour is " + an_hour +
                  ", less than limits.machines: that many machines never start within an hour");
  }
  if (limits.launch_failures_max == 1)
    out.push_back("limits.launch_failures_max is 1: a single machine that dies stops all launches");
  if (limits.launch_pause >= config.machine.lifetime) {
    out.push_back("limits.launch_pause is " + human_duration(limits.launch_pause) +
                  ", not less than machine.lifetime: a lease that waits for its end is past its "
                  "deadline");
  }
}

void warn_about_images(const Config& config, Warnings& out) {
  for (const auto& [architecture, image] : config.images) {
    const std::string name{to_string(architecture)};
    if (config.types_for(architecture).empty()) {
      out.push_back("image." + name + " is never used: no [[instance_type]] is of architecture " +
                    name);
    }
  }
}

// Such runs have no fork, and strangers can start some of them.
void warn_about_policies(const Config& config, Warnings& out) {
  for (const RepositoryConfig& repository : config.repositories) {
    if (repository.policy.forks != Forks::allow && repository.policy.events.empty()) {
      out.push_back("repository " + repository.name.text +
                    " sets forks and no events: a stranger's comment or issue starts a run that "
                    "is not of a fork, where a workflow listens to it");
    }
  }
}

// What machines cost in calls while they live: a list of the runners at each sweep, and a look at
// each run every fifteen seconds (service/observer.cpp), of which a machine has one of its own at
// worst.
void warn_about_budget(const Config& config, Warnings& out) {
  const std::int64_t pages = 1 + config.limits.machines / 100;
  const std::int64_t lists = pages * (Millis(std::chrono::minutes{1}) / config.sweep_every);
  const std::int64_t looks = 4LL * config.limits.machines;
  const std::int64_t kept = config.github.calls_per_minute / 2;
  if (lists + looks <= kept) return;
  out.push_back("github.calls_per_minute is " + std::to_string(config.github.calls_per_minute) +
                ", of which half is kept for machines, but " +
                std::to_string(config.limits.machines) + " of them need " +
                std::to_string(lists + looks) +
                " at this sweep.every: when strangers ask a lot, cancelled runs are noticed later");
}

}  // namespace

std::vector<std::string> warnings(const Config& config) {
  Warnings out;
  warn_about_network(config, out);
  warn_about_money(config, out);
  warn_about_launches(config, out);
  warn_about_images(config, out);
  warn_about_policies(config, out);
  warn_about_budget(config, out);
  return out;
}

}  // namespace mayfly
