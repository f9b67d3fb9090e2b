#include "service/control_plane.h"

#include "github/app_token.h"
#include "service/diagnosis_policy.h"
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

github::AppSettings app_settings(const Config& config) {
  const github::Settings github = github_settings(config);
  github::AppSettings settings;
  settings.api_url = github.api_url;
  settings.user_agent = github.user_agent;
  settings.scope = github.scope;
  settings.app_id = config.github.app->id;
  settings.installation_id = config.github.app->installation_id;
  for (const RepositoryConfig& repository : config.repositories) {
    settings.repositories.push_back(repository.name);
    settings.reads_pulls = settings.reads_pulls || looks_at_pulls(repository.policy);
    settings.changes_runs =
        settings.changes_runs || repository.cancel_unserved || repository.rerun_interrupted;
  }
  return settings;
}

Result<std::unique_ptr<github::TokenSource>> token_source(const Config& config, const World& world,
                                                          aws::SsmClient& ssm) {
  if (!config.github.app) {
    TRY_ASSIGN(Secret token, resolve(config.github.token, world.environment, ssm, world.clock));
    return std::make_unique<github::FixedToken>(std::move(token));
  }
  const SecretReference& reference = config.github.app->private_key;
  TRY_ASSIGN(const Secret pem, resolve(reference, world.environment, ssm, world.clock));
  auto key = RsaKey::from_pem(pem);
  if (!key) return fail_while(to_string(reference), key.error());
  return std::make_unique<github::AppToken>(world.transport, world.clock, std::move(*key),
                                            app_settings(config));
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
  TRY_ASSIGN(auto tokens, token_source(config, world, aws->ssm));
  std::optional<Secret> webhook_secret;
  if (config.github.webhook_secret) {
    TRY_ASSIGN(webhook_secret,
               resolve(*config.github.webhook_secret, world.environment, aws->ssm, world.clock));
  }
  return std::unique_ptr<ControlPlane>(new ControlPlane(
      config, world, std::move(aws), std::move(tokens), std::move(webhook_secret)));
}

ControlPlane::ControlPlane(const Config& config, const World& world,
                           std::unique_ptr<AwsClients> aws,
                           std::unique_ptr<github::TokenSource> tokens,
                           std::optional<Secret> webhook_secret)
    : aws_(std::move(aws)),
      tokens_(std::move(tokens)),
      github_(world.transport, world.clock, *tokens_, github_settings(config)),
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
              {world.clock, world.entropy, world.log, world.doorbell, world.ledger,
               github_for_claims_, aws_->ec2},
              packages_),
      webhooks_(config, {world.log, world.doorbell, hints_}, std::move(webhook_secret)),
      redeliverer_(config, world.clock, world.log, github_for_sweep_),
      lookout_(config, {world.clock, world.log, world.ledger}, demand_of_sweep_, asking_, hints_,
               redeliverer_),
      sweeper_(config, {world.clock, world.log, world.ledger, github_for_sweep_, aws_->ec2},
               demand_of_sweep_, launcher_, lookout_),
      diagnosis_(config,
                 {world.clock, github_for_sweep_, aws_->ec2, aws_->credentials, world.ledger},
                 images_, packages_) {}

}  // namespace mayfly
