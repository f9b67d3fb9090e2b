#include "service/diagnosis.h"

#include <algorithm>

#include "base/text.h"
#include "lease/enforce.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

// A fleet that names a template which need not exist: a dry run stops at the permission.
std::string probe_fleet(const Config& config, Architecture architecture, const std::string& image) {
  aws::CreateFleet fleet;
  fleet.launch_template_name = "mayfly-" + config.deployment;
  fleet.launch_template_version = "1";
  for (const InstanceTypeConfig& type : config.types_for(architecture))
    for (const std::string& subnet : config.aws.subnet_ids)
      fleet.overrides.push_back({type.instance_type, subnet, image});
  fleet.tags = {{k_tag_deployment, config.deployment}};
  fleet.client_token = ClientToken{"mayfly-check"};
  return aws::encode(fleet);
}

}  // namespace

Money worst_day(const Config& config) {
  Money dearest{};
  for (const InstanceTypeConfig& type : config.instance_types)
    dearest = std::max(dearest, type.usd_per_hour);
  const Money all_day = price_for(dearest, std::chrono::hours{24} * config.limits.machines);
  return std::min(all_day, config.limits.usd_per_day);
}

void Diagnosis::good(std::string subject, std::string text) {
  findings_.push_back({Finding::Level::ok, std::move(subject), std::move(text), ""});
}

void Diagnosis::report(std::string subject, const Error& error) {
  findings_.push_back({Finding::Level::problem, std::move(subject), error.message,
                       std::string(info(error.code).remedy)});
}

std::vector<Finding> Diagnosis::run() {
  findings_.clear();
  check_configuration();
  check_github();
  check_aws();
  return findings_;
}

void Diagnosis::check_configuration() {
  for (const std::string& warning : warnings(config_))
    findings_.push_back({Finding::Level::warning, "configuration", warning, ""});
  good("money", "at most " + human_usd(worst_day(config_)) + " a day and " +
                    human_usd(config_.limits.usd_per_month) + " a month");
}

void Diagnosis::check_github() {
  for (const RepositoryConfig& repository : config_.repositories) {
    const auto runs = seams_.github.list_live_runs(repository.name, call_deadline(seams_.clock));
    if (runs)
      good("github: runs of " + repository.name.text,
           std::to_string(runs->size()) + " live " +
               plural(static_cast<std::int64_t>(runs->size()), "run"));
    else
      report("github: runs of " + repository.name.text, runs.error());
  }
  const auto runners = seams_.github.list_runners(call_deadline(seams_.clock));
  if (runners)
    good("github: runners", std::to_string(runners->size()) + " registered");
  else
    report("github: runners", runners.error());
  for (const auto& [architecture, image] : config_.images) {
    const std::string subject = "runner for " + std::string(to_string(architecture));
    const auto package = packages_.package_for(architecture);
    if (!package)
      report(subject, package.error());
    else if (package->sha256.empty())
      findings_.push_back({Finding::Level::warning, subject,
                           "GitHub names no checksum for version " + package->version,
                           "Pin runner.version with runner.sha256, or use an image that has it."});
    else
      good(subject, "version " + package->version);
  }
  const github::RateLimit limit = seams_.github.rate_limit();
  if (limit.limit && limit.remaining)
    good("github: rate limit", std::to_string(*limit.remaining) + " of " +
                                   std::to_string(*limit.limit) + " calls left this hour");
}

void Diagnosis::check_aws() {
  const auto credentials = seams_.credentials.get(call_deadline(seams_.clock));
  if (!credentials) return report("aws: credentials", credentials.error());
  good("aws: credentials", "from " + credentials->source);
  aws::DescribeInstances ours;
  ours.tags = {{k_tag_deployment, config_.deployment}};
  const auto instances = seams_.ec2.describe_instances(ours, call_deadline(seams_.clock));
  if (instances)
    good("aws: ec2:DescribeInstances", "allowed");
  else
    report("aws: ec2:DescribeInstances", instances.error());
  const Status terminate = seams_.ec2.may_terminate(call_deadline(seams_.clock));
  if (terminate)
    good("aws: ec2:TerminateInstances", "allowed");
  else
    report("aws: ec2:TerminateInstances", terminate.error());
  check_launch();
}

void Diagnosis::check_launch() {
  for (const auto& [architecture, unused] : config_.images) {
    const std::string name(to_string(architecture));
    // Asked anew: what the ledger remembers says nothing about today's permissions.
    const Status forgotten = images_.forget(architecture);
    if (!forgotten) report("ledger", forgotten.error());
    const auto image = images_.image_for(architecture);
    if (!image) {
      report("aws: image for " + name, image.error());
      continue;
    }
    good("aws: image for " + name, *image);
    const Status launch = seams_.ec2.may_create_fleet(probe_fleet(config_, architecture, *image),
                                                      call_deadline(seams_.clock));
    if (launch)
      good("aws: ec2:CreateFleet for " + name, "allowed");
    else
      report("aws: ec2:CreateFleet for " + name, launch.error());
  }
}

}  // namespace mayfly
