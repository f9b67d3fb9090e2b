#pragma once

// `mayfly check`: asks GitHub and AWS what the credentials may do, without changing anything, and
// says what is wrong and how to mend it.

#include <string>
#include <vector>

#include "aws/credentials.h"
#include "aws/ec2.h"
#include "config/config.h"
#include "github/client.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "service/images.h"
#include "service/runner_packages.h"

namespace mayfly {

struct Finding {
  enum class Level { ok, warning, problem };
  Level level = Level::ok;
  std::string subject;  // "github: runners"
  std::string text;
  std::string remedy;  // empty where there is nothing to do
};

struct DiagnosisSeams {
  Clock& clock;
  github::GithubClient& github;
  aws::Ec2Client& ec2;
  aws::CredentialsChain& credentials;
};

class Diagnosis {
 public:
  Diagnosis(const Config& config, const DiagnosisSeams& seams, Images& images,
            RunnerPackages& packages)
      : config_(config), seams_(seams), images_(images), packages_(packages) {}

  [[nodiscard]] std::vector<Finding> run();

 private:
  void check_configuration();
  void check_github();
  void check_aws();
  void check_launch();
  void good(std::string subject, std::string text);
  void report(std::string subject, const Error& error);

  const Config& config_;
  DiagnosisSeams seams_;
  Images& images_;
  RunnerPackages& packages_;
  std::vector<Finding> findings_;
};

// The most the configuration can cost in one day: every machine it allows, all day, capped by the
// daily limit.
[[nodiscard]] Money worst_day(const Config& config);

}  // namespace mayfly
