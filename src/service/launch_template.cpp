#include "service/launch_template.h"

#include "base/digest.h"
#include "base/text.h"
#include "lease/enforce.h"
#include "service/boot/boot_script.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr std::size_t k_hash_digits = 32;
constexpr const char* k_fact = "launch-template";

std::string hash_of(const aws::LaunchTemplate& t) {
  std::string all = t.user_data_base64 + '\n' + t.key_name + '\n' +
                    std::to_string(t.root_volume_gb) + '\n' + t.root_device + '\n' +
                    (t.public_address ? "public" : "private") + '\n';
  for (const std::string& id : t.security_group_ids) all += id + '\n';
  for (const auto& [key, value] : t.volume_tags) all += key + '=' + value + '\n';
  return sha256_hex(all).substr(0, k_hash_digits);
}

}  // namespace

aws::LaunchTemplate wanted_template(const Config& config) {
  aws::LaunchTemplate wanted;
  wanted.name = "mayfly-" + config.deployment;
  wanted.user_data_base64 = base64_encode(boot_script());
  wanted.security_group_ids = config.aws.security_group_ids;
  wanted.key_name = config.aws.key_name;
  wanted.root_volume_gb = config.machine.root_volume_gb;
  wanted.public_address = config.aws.public_address;
  wanted.volume_tags = {{k_tag_deployment, config.deployment}};
  wanted.version_description = hash_of(wanted);
  return wanted;
}

Result<std::string> LaunchTemplates::find_or_make(const aws::LaunchTemplate& wanted) {
  const ClientToken token{wanted.name + "-" + wanted.version_description.substr(0, 16)};
  TRY_ASSIGN(const auto versions,
             ec2_.describe_launch_template_versions(wanted.name, call_deadline(clock_)));
  if (!versions)
    return ec2_.create_launch_template(wanted, {{k_tag_deployment, config_.deployment}}, token,
                                       call_deadline(clock_));
  for (const aws::LaunchTemplateVersion& version : *versions)
    if (version.description == wanted.version_description) return version.version;
  return ec2_.create_launch_template_version(wanted, token, call_deadline(clock_));
}

std::optional<TemplateVersion> LaunchTemplates::known() {
  const std::scoped_lock lock(mutex_);
  return known_;
}

void LaunchTemplates::know(std::optional<TemplateVersion> version) {
  const std::scoped_lock lock(mutex_);
  known_ = std::move(version);
}

Result<TemplateVersion> LaunchTemplates::current() {
  if (auto version = known()) return *version;
  TRY_ASSIGN(TemplateVersion version, look_up());
  know(version);
  return version;
}

Result<TemplateVersion> LaunchTemplates::look_up() {
  const aws::LaunchTemplate wanted = wanted_template(config_);
  TRY_ASSIGN(const auto fact, ledger_.fact(k_fact));
  const std::string prefix = wanted.version_description + " ";
  if (fact && fact->starts_with(prefix))
    return TemplateVersion{wanted.name, fact->substr(prefix.size())};
  TRY_ASSIGN(std::string version, find_or_make(wanted));
  TRY(ledger_.set_fact(k_fact, prefix + version));
  return TemplateVersion{wanted.name, std::move(version)};
}

Status LaunchTemplates::forget() {
  know(std::nullopt);
  return ledger_.set_fact(k_fact, "");
}

}  // namespace mayfly
