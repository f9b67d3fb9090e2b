#include "service/diagnosis.h"

#include <algorithm>

#include "base/text.h"
#include "lease/enforce.h"
#include "service/diagnosis_github.h"
#include "service/diagnosis_policy.h"
#include "service/diagnosis_runner_group.h"
#include "service/launch_template.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

// With every tag that a launch sets: a policy may demand them.
std::string probe_fleet(const Config& config, Architecture architecture, const std::string& image,
                        const std::string& version) {
  aws::CreateFleet fleet;
  fleet.launch_template_name = "mayfly-" + config.deployment;
  fleet.launch_template_version = version;
  for (const InstanceTypeConfig& type : config.types_for(architecture))
    for (const std::string& subnet : config.aws.subnet_ids)
      fleet.overrides.push_back({type.instance_type, subnet, image});
  fleet.tags = {{"Name", "mayfly-" + config.deployment},
                {k_tag_deployment, config.deployment},
                {k_tag_lease, "l-00000000000000000000"},
                {k_tag_launch, "1"},
                {k_tag_expires_at, "0"},
                {k_tag_claim, "0"},
                {k_tag_api, config.public_url},
                {k_tag_label, "mayfly-check"}};
  fleet.client_token = ClientToken{"mayfly-check"};
  return aws::encode(fleet);
}

bool is_alive(const aws::Instance& instance) {
  return instance.state != aws::InstanceState::terminated &&
         instance.state != aws::InstanceState::shutting_down;
}

// Machines that can live at once: with few launches an hour and short lives, fewer than allowed.
int machines_at_once(const Config& config) {
  constexpr Millis k_overrun_bound = Seconds{120};
  const auto hours =
      std::chrono::ceil<std::chrono::hours>(config.machine.lifetime + k_overrun_bound).count();
  return static_cast<int>(
      std::min<std::int64_t>(config.limits.machines, config.limits.launches_per_hour * hours));
}

}  // namespace

WorstDay worst_day(const Config& config) {
  const auto dearest = std::max_element(
      config.instance_types.begin(), config.instance_types.end(),
      [](const auto& a, const auto& b) { return a.usd_per_hour < b.usd_per_hour; });
  WorstDay day;
  const int machines = machines_at_once(config);
  day.all_machines = price_for(dearest->usd_per_hour, std::chrono::hours{24} * machines);
  const Money limit = config.limits.usd_per_day;
  day.at_most = std::min(day.all_machines, limit);
  const std::string why =
      machines < config.limits.machines ? " (by limits.launches_per_hour and their lifetime)" : "";
  const std::string all = std::to_string(machines) + " " + plural(machines, "machine") + why +
                          " x " + human_usd(dearest->usd_per_hour) + " an hour (" +
                          dearest->instance_type + ") x 24 h = " + human_usd(day.all_machines);
  day.text =
      "at most " + human_usd(day.at_most) + " a day: " +
      (limit < day.all_machines ? "limits.usd_per_day, where " + all
                                : all + ", within limits.usd_per_day = " + human_usd(limit)) +
      "; at most " + human_usd(config.limits.usd_per_month) + " a month";
  return day;
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
  check_launches();
  check_github();
  check_aws();
  return findings_;
}

void Diagnosis::check_configuration() {
  for (const std::string& warning : warnings(config_))
    findings_.push_back({Finding::Level::warning, "configuration", warning, ""});
  const WorstDay day = worst_day(config_);
  good("money", day.text);
  findings_.back().usd_per_day = day.at_most;
}

void Diagnosis::check_launches() {
  const auto pause = seams_.ledger.launch_pause(config_.limits, seams_.clock.wall());
  if (!pause) return report("launches", pause.error());
  if (!*pause) return good("launches", "not paused");
  findings_.push_back({Finding::Level::problem, "launches", describe(**pause),
                       std::string(info((*pause)->cause).remedy)});
}

void Diagnosis::report_github(std::string subject, const Error& error) {
  report(std::move(subject), error);
  std::string remedy = github_remedy(config_, error);
  if (!remedy.empty()) findings_.back().remedy = std::move(remedy);
}

// Without its credential all that follows would fail alike.
bool Diagnosis::check_credential() {
  const auto credential = seams_.github.describe_credential(call_deadline(seams_.clock));
  if (!credential) {
    report_github("github: credential", credential.error());
    return false;
  }
  if (!credential->empty()) good("github: credential", *credential);
  return true;
}

void Diagnosis::check_github() {
  if (!check_credential()) return;
  for (const RepositoryConfig& repository : config_.repositories) {
    const auto runs = seams_.github.list_live_runs(repository.name, call_deadline(seams_.clock));
    if (runs)
      good("github: runs of " + repository.name.text,
           std::to_string(runs->size()) + " live " +
               plural(static_cast<std::int64_t>(runs->size()), "run"));
    else
      report_github("github: runs of " + repository.name.text, runs.error());
    check_policy(repository);
  }
  const auto runners = seams_.github.list_runners(call_deadline(seams_.clock));
  if (runners)
    good("github: runners", std::to_string(runners->size()) + " registered");
  else
    report_github("github: runners", runners.error());
  check_runner_group();
  for (const auto& [architecture, image] : config_.images) check_runner(architecture);
  for (const RepositoryConfig& repository : config_.repositories) check_cancelling(repository);
  const github::RateLimit limit = seams_.github.rate_limit();
  if (limit.limit && limit.remaining)
    good("github: rate limit", std::to_string(*limit.remaining) + " of " +
                                   std::to_string(*limit.limit) + " calls left this hour");
}

// When the 30 days of a pinned version end is not to be had from GitHub's list, which names no
// dates: so the warning comes with the first newer one.
void Diagnosis::check_runner(Architecture architecture) {
  const std::string subject = "runner for " + std::string(to_string(architecture));
  const auto package = packages_.package_for(architecture);
  if (!package) return report(subject, package.error());
  if (package->sha256.empty()) {
    findings_.push_back({Finding::Level::warning, subject,
                         "GitHub names no checksum for version " + package->version,
                         "Pin runner.version with runner.sha256, or use an image that has it."});
    return;
  }
  if (config_.runner.version == "latest") return good(subject, "version " + package->version);
  const auto newest = packages_.newest(architecture);
  if (!newest)
    return good(subject, "version " + package->version + "; whether there is a newer one, GitHub " +
                             "does not say: " + newest.error().message);
  if (newest->version == package->version)
    return good(subject, "version " + package->version + ", the newest");
  findings_.push_back(
      {Finding::Level::warning, subject,
       "runner.version is " + package->version + ", and GitHub's list names " + newest->version,
       "Raise it, with its checksums, within 30 days of the newer one's release: after "
       "that GitHub gives its jobs to no older runner. So too in images that have "
       "one."});
}

void Diagnosis::check_policy(const RepositoryConfig& repository) {
  const std::string& name = repository.name.text;
  good("policy of " + name, describe_policy(repository.policy));
  if (!looks_at_pulls(repository.policy)) return;
  // About a branch that need not exist: GitHub answers with an empty list.
  const auto pulls = seams_.github.list_pulls(repository.name, {name, "mayfly-check", "-"},
                                              call_deadline(seams_.clock));
  if (pulls)
    good("github: pull requests of " + name, "can be read");
  else
    report_github("github: pull requests of " + name, pulls.error());
}

// About a run that is nobody's: GitHub numbers the runs of all repositories together, and began
// long ago. Who may not cancel is told so first.
void Diagnosis::check_cancelling(const RepositoryConfig& repository) {
  if (!repository.cancel_unserved && !repository.rerun_interrupted) return;
  constexpr RunId k_nobodys = 1;
  const std::string subject = "github: cancelling and re-running runs of " + repository.name.text;
  const Status cancelled =
      seams_.github.cancel_run(repository.name, k_nobodys, call_deadline(seams_.clock));
  if (cancelled || cancelled.error().code == Code::github_not_found)
    good(subject, "GitHub does not refuse it");
  else
    report(subject, cancelled.error());
}

void Diagnosis::check_runner_group() {
  const std::string subject = "github: runner group";
  if (config_.github.scope == GithubScope::repository)
    return good(subject, "none: runners register with the repository itself");
  const std::int64_t id = config_.github.runner_group_id;
  const auto group = seams_.github.get_runner_group(id, call_deadline(seams_.clock));
  if (!group) return findings_.push_back(missing_runner_group(id, group.error()));
  std::vector<github::Repository> repositories;
  if (group->visibility == "selected") {
    auto found = seams_.github.list_group_repositories(id, call_deadline(seams_.clock));
    if (!found) return report_github(subject, found.error());
    repositories = std::move(*found);
  }
  findings_.push_back(judge_runner_group(config_, *group, repositories));
}

Result<github::RunnerGroup> Diagnosis::create_runner_group(const std::string& name) {
  return make_runner_group(config_, seams_.github, seams_.clock, name);
}

void Diagnosis::report_probe(const std::string& action, const Status& answer, bool asked) {
  const std::string subject = "aws: " + action;
  if (answer) return good(subject, "allowed");
  if (asked || answer.error().code != Code::aws_denied) return report(subject, answer.error());
  findings_.push_back({Finding::Level::warning, subject,
                       "cannot be told: refused for one that does not exist, as by a policy that "
                       "goes by the tag mayfly:deployment",
                       "Check again when mayfly has launched its first machine."});
}

void Diagnosis::check_aws() {
  const auto credentials = seams_.credentials.get(call_deadline(seams_.clock));
  if (!credentials) return report("aws: credentials", credentials.error());
  good("aws: credentials", "from " + credentials->source);
  check_machines();
  check_template();
}

void Diagnosis::check_machines() {
  aws::DescribeInstances ours;
  ours.tags = {{k_tag_deployment, config_.deployment}};
  const auto instances = seams_.ec2.describe_instances(ours, call_deadline(seams_.clock));
  InstanceId one;
  if (instances) {
    good("aws: ec2:DescribeInstances", "allowed");
    const auto alive = std::find_if(instances->begin(), instances->end(), is_alive);
    if (alive != instances->end()) one = alive->id;
  } else {
    report("aws: ec2:DescribeInstances", instances.error());
  }
  report_probe("ec2:TerminateInstances", seams_.ec2.may_terminate(call_deadline(seams_.clock), one),
               !one.empty());
  report_probe("ec2:ModifyInstanceMetadataOptions",
               seams_.ec2.may_disable_metadata(call_deadline(seams_.clock), one), !one.empty());
}

// What a launch would do today: make the template, or where there is one perhaps a version of it.
void Diagnosis::check_template() {
  const aws::LaunchTemplate wanted = wanted_template(config_);
  const auto versions =
      seams_.ec2.describe_launch_template_versions(wanted.name, call_deadline(seams_.clock));
  if (!versions) {
    report("aws: ec2:DescribeLaunchTemplateVersions", versions.error());
    return check_launch(std::nullopt);
  }
  good("aws: ec2:DescribeLaunchTemplateVersions", "allowed");
  if (!*versions || (*versions)->empty()) {
    const aws::Tags tags{{k_tag_deployment, config_.deployment}};
    report_probe("ec2:CreateLaunchTemplate",
                 seams_.ec2.may_create_launch_template(wanted, tags, call_deadline(seams_.clock)),
                 true);
    return check_launch(std::nullopt);
  }
  report_probe("ec2:CreateLaunchTemplateVersion",
               seams_.ec2.may_create_launch_template_version(wanted, call_deadline(seams_.clock)),
               true);
  check_launch((*versions)->front().version);
}

// Without a version the fleet names a template that does not exist: EC2 stops at the permission.
void Diagnosis::check_launch(const std::optional<std::string>& version) {
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
    const std::string body = probe_fleet(config_, architecture, *image, version.value_or("1"));
    report_probe("ec2:CreateFleet for " + name,
                 seams_.ec2.may_create_fleet(body, call_deadline(seams_.clock)),
                 version.has_value());
  }
}

}  // namespace mayfly
