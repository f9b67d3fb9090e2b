#pragma once

// Everything that decides and acts, wired together over the seams: the same objects in `mayfly
// serve`, in the operator's commands and in simulation. Owns its parts; borrows the seams and the
// ledger.

#include <memory>

#include "aws/credentials.h"
#include "aws/ec2.h"
#include "aws/ssm.h"
#include "config/config.h"
#include "github/client.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/doorbell.h"
#include "seam/entropy.h"
#include "seam/environment.h"
#include "seam/log.h"
#include "seam/transport.h"
#include "service/asking.h"
#include "service/claims.h"
#include "service/demand.h"
#include "service/diagnosis.h"
#include "service/hints.h"
#include "service/images.h"
#include "service/launch_template.h"
#include "service/launcher.h"
#include "service/lookout.h"
#include "service/redeliverer.h"
#include "service/runner_packages.h"
#include "service/sweeper.h"
#include "service/webhooks.h"

namespace mayfly {

struct World {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Environment& environment;
  HttpTransport& transport;
  Doorbell& doorbell;
  Ledger& ledger;
};

// The part that reaches AWS, for commands that need nothing else (the stateless sweep).
class AwsClients {
 public:
  AwsClients(const Config& config, Clock& clock, Environment& environment,
             HttpTransport& transport);

  aws::CredentialsChain credentials;

 private:
  aws::SignedSender ec2_sender_;
  aws::SignedSender ssm_sender_;

 public:
  aws::Ec2Client ec2;
  aws::SsmClient ssm;
};

class ControlPlane {
 public:
  // Resolves GitHub's secrets (secret_unreadable) and calls nobody else: an App's first token is
  // asked for when it is needed.
  [[nodiscard]] static Result<std::unique_ptr<ControlPlane>> make(const Config& config,
                                                                  const World& world);

  [[nodiscard]] Asking& asking() { return asking_; }
  [[nodiscard]] Claims& claims() { return claims_; }
  [[nodiscard]] Sweeper& sweeper() { return sweeper_; }
  [[nodiscard]] Lookout& lookout() { return lookout_; }
  [[nodiscard]] Webhooks& webhooks() { return webhooks_; }
  [[nodiscard]] Diagnosis& diagnosis() { return diagnosis_; }
  // For its limits and what is used of them, which all its purposes share.
  [[nodiscard]] const github::GithubClient& github() const { return github_; }

 private:
  ControlPlane(const Config& config, const World& world, std::unique_ptr<AwsClients> aws,
               std::unique_ptr<github::TokenSource> tokens, std::optional<Secret> webhook_secret);

  std::unique_ptr<AwsClients> aws_;
  std::unique_ptr<github::TokenSource> tokens_;
  github::GithubClient github_;  // for what strangers ask
  github::GithubClient github_for_sweep_;
  github::GithubClient github_for_claims_;
  Images images_;
  LaunchTemplates templates_;
  Launcher launcher_;
  Demand demand_;
  Demand demand_of_sweep_;
  RunnerPackages packages_;
  Asking asking_;
  Claims claims_;
  Hints hints_;
  Webhooks webhooks_;
  Redeliverer redeliverer_;
  Lookout lookout_;
  Sweeper sweeper_;
  Diagnosis diagnosis_;
};

}  // namespace mayfly
