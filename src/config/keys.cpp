#include "config/keys.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mayfly {
namespace {

using Key = std::string_view;

constexpr std::array k_top = {
    Key{"deployment"}, Key{"public_url"},    Key{"listen"},  Key{"github"}, Key{"repository"},
    Key{"aws"},        Key{"image"},         Key{"machine"}, Key{"runner"}, Key{"limits"},
    Key{"ledger"},     Key{"instance_type"}, Key{"sweep"},   Key{"profile"}};
constexpr std::array k_listen = {
    Key{"address"},         Key{"port"},    Key{"admin_port"},      Key{"workers"},
    Key{"tls_certificate"}, Key{"tls_key"}, Key{"trusted_proxies"}, Key{"connections_per_prefix"},
    Key{"admin_token"}};
constexpr std::array k_github = {
    Key{"api_url"},       Key{"token"},           Key{"scope"},
    Key{"organization"},  Key{"runner_group_id"}, Key{"calls_per_minute"},
    Key{"app_id"},        Key{"app_private_key"}, Key{"app_installation_id"},
    Key{"webhook_secret"}};
constexpr std::array k_repository = {Key{"name"},
                                     Key{"seed_labels"},
                                     Key{"seed_label_prefix"},
                                     Key{"events"},
                                     Key{"workflows"},
                                     Key{"forks"},
                                     Key{"denied_actors"},
                                     Key{"webhook"},
                                     Key{"cancel_unserved"},
                                     Key{"rerun_interrupted"}};
constexpr std::array k_aws = {Key{"region"}, Key{"security_group_ids"}, Key{"subnet_ids"},
                              Key{"key_name"}, Key{"public_address"}};
constexpr std::array k_architectures = {Key{"x86_64"}, Key{"arm64"}};
constexpr std::array k_image = {Key{"id"}, Key{"ssm_parameter"}, Key{"owner"}, Key{"name_pattern"}};
constexpr std::array k_instance_type = {Key{"architecture"}, Key{"type"}, Key{"usd_per_hour"}};
constexpr std::array k_machine = {
    Key{"lifetime"},          Key{"boot_timeout"},   Key{"idle_timeout"},
    Key{"boots_max"},         Key{"on_demand"},      Key{"sudo"},
    Key{"capacity_patience"}, Key{"root_volume_gb"}, Key{"spot_interruptions_max"}};
constexpr std::array k_runner = {Key{"version"}, Key{"sha256"}, Key{"download_url"}};
constexpr std::array k_limits = {Key{"machines"},
                                 Key{"machines_per_repository"},
                                 Key{"machines_per_run"},
                                 Key{"machines_per_actor"},
                                 Key{"machines_per_pull_request"},
                                 Key{"machines_for_seed_labels"},
                                 Key{"launches_per_hour"},
                                 Key{"launch_failures_max"},
                                 Key{"launch_pause"},
                                 Key{"usd_per_day"},
                                 Key{"usd_per_month"},
                                 Key{"asks_per_minute"},
                                 Key{"asks_per_minute_per_prefix"}};
constexpr std::array k_ledger = {Key{"path"}, Key{"table"}};
constexpr std::array k_sweep = {Key{"every"}};

constexpr std::array k_sections = {
    SectionKeys{"", k_top},
    SectionKeys{"listen", k_listen},
    SectionKeys{"github", k_github},
    SectionKeys{"repository", k_repository},
    SectionKeys{"aws", k_aws},
    SectionKeys{"image", k_architectures},
    SectionKeys{"image.x86_64", k_image},
    SectionKeys{"image.arm64", k_image},
    SectionKeys{"instance_type", k_instance_type},
    SectionKeys{"machine", k_machine},
    SectionKeys{"runner", k_runner},
    SectionKeys{"runner.sha256", k_architectures},
    SectionKeys{"limits", k_limits},
    SectionKeys{"ledger", k_ledger},
    SectionKeys{"sweep", k_sweep},
};

std::string joined(std::span<const Key> keys) {
  std::string out;
  for (const Key key : keys) out += (out.empty() ? "" : ", ") + std::string(key);
  return out;
}

// A key written under the wrong header, most often above every header.
std::string elsewhere(Key key) {
  for (const SectionKeys& section : k_sections)
    if (std::ranges::find(section.keys, key) != section.keys.end())
      return full_key(section.section, key);
  return {};
}

}  // namespace

std::span<const SectionKeys> all_sections() { return k_sections; }

std::span<const std::string_view> keys_of(std::string_view section) {
  for (const SectionKeys& candidate : k_sections)
    if (candidate.section == section) return candidate.keys;
  return {};
}

std::string full_key(std::string_view section, std::string_view key) {
  return std::string(section) + (section.empty() ? "" : ".") + std::string(key);
}

std::string advice_for(std::string_view section, std::string_view wrong_key) {
  const auto near = nearest(wrong_key, keys_of(section));
  const std::string meant = near ? full_key(section, *near) : elsewhere(wrong_key);
  if (!meant.empty()) return "did you mean " + meant + "?";
  return "the keys here are " + joined(keys_of(section));
}

}  // namespace mayfly
