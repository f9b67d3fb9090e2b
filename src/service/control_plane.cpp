#include "service/control_plane.h"

#include "service/secrets.h"

namespace mayfly {
namespace {

github::Settings github_settings(const Config& config) {
  github::Settings settings;
  settings.api_url = config.github.api_url;
  settings.calls_per_minute = config.github.calls_per_minute;
  settings.user_agent = "mayfly/" MAYFLY_VERSION;
  if (config.github.scope == GithubScope::organization) {
    settings.scope.kind = github::Scope::Kind::organization;
    settings.scope.organization = config.github.organization;
  } else {
    settings.scope.kind = github::Scope::Kind::repository;
    settings.scope.repository = config.repositories.front().name;
  }
  return settings;
}

}  // namespace

AwsClients::AwsClients(const Config& config, Clock& clock, Environment& environment,
                       HttpTransport& transport)
    : credentials({environment, transport, clock}, config.aws.region),
      ec2_sender_(transport, credentials, clock,
                  aws::endpoint_for(environment, "ec2", config.aws.region)),
      ssm_sender_(transport, credentials, clock,
                  aws::endpoint_for(environment, "ssm", config.aws.region)),
      ec2(ec2_sender_),
      ssm(ssm_sender_) {}

Result<std::unique_ptr<ControlPlane>> ControlPlane::make(const Config& config, const World& world) {
  auto aws = std::make_unique<AwsClients>(config, world.clock, world.environment, world.transport);
  const auto read = [&](const SecretReference& reference) {
    return resolve(reference, world.environment, aws->ssm, world.clock);
  };
  Secrets secrets;
  TRY_ASSIGN(secrets.github_token, read(config.github.token));
  if (config.github.webhook_secret) {
    TRY_ASSIGN(secrets.webhooks, read(*config.github.webhook_secret));
  }
  return std::unique_ptr<ControlPlane>(
      new ControlPlane(config, world, std::move(aws), std::move(secrets)));
}

ControlPlane::ControlPlane(const Config& config, const World& world,
                           std::unique_ptr<AwsClients> aws, Secrets secrets)
    : aws_(std::move(aws)),
      token_(std::move(secrets.github_token)),
      github_(world.transport, world.clock, token_, github_settings(config)),
      github_for_sweep_(github_.serving(github::Purpose::sweep)),
      github_for_claims_(github_.serving(github::Purpose::claims)),
      images_(config, aws_->ec2, aws_->ssm, world.ledger, world.clock),
      templates_(config, aws_->ec2, world.ledger, world.clock),
      launcher_(config, {world.clock, world.entropy, world.log, world.ledger, aws_->ec2}, images_,
                templates_),
      demand_(github_, world.clock, world.entropy),
      demand_of_sweep_(github_for_sweep_, world.clock, world.entropy),
      packages_(config, github_for_claims_, world.clock),
      asking_(config, {world.clock, world.log, world.doorbell, world.ledger}, demand_, launcher_),
      claims_(config,
              {world.clock, world.log, world.doorbell, world.ledger, github_for_claims_, aws_->ec2},
              packages_),
      webhooks_(config, {world.log, world.doorbell, hints_}, std::move(secrets.webhooks)),
      lookout_(config, {world.clock, world.log, world.ledger}, demand_of_sweep_, asking_, hints_),
      sweeper_(config, {world.clock, world.log, world.ledger, github_for_sweep_, aws_->ec2},
               demand_of_sweep_, launcher_, lookout_),
      diagnosis_(config,
                 {world.clock, github_for_sweep_, aws_->ec2, aws_->credentials, world.ledger},
                 images_, packages_) {}

}  // namespace mayfly
