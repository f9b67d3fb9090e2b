#pragma once

// `mayfly check`: asks GitHub and AWS what the credentials may do, without changing anything, and
// says what is wrong and how to mend it. create_runner_group() alone changes something.

#include <optional>
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
  std::optional<Money> usd_per_day = {};
};

struct DiagnosisSeams {
  Clock& clock;
  github::GithubClient& github;
  aws::Ec2Client& ec2;
  aws::CredentialsChain& credentials;
  Ledger& ledger;
};

class Diagnosis {
 public:
  Diagnosis(const Config& config, const DiagnosisSeams& seams, Images& images,
            RunnerPackages& packages)
      : config_(config), seams_(seams), images_(images), packages_(packages) {}

  [[nodiscard]] std::vector<Finding> run();
  // One that only the configured repositories may use, or the one of that name if that is so of it;
  // config_invalid where runners register with a repository, or the name is taken by another.
  [[nodiscard]] Result<github::RunnerGroup> create_runner_group(const std::string& name);

 private:
  void check_configuration();
  void check_launches();
  void check_github();
  [[nodiscard]] bool check_credential();
  void check_policy(const RepositoryConfig& repository);
  void check_runner_group();
  void check_cancelling(const RepositoryConfig& repository);
  void check_runner(Architecture architecture);
  void check_aws();
  void check_machines();
  void check_template();
  void check_launch(const std::optional<std::string>& version);
  void good(std::string subject, std::string text);
  // What a dry run said. `asked` is false where it had to be about a thing that does not exist.
  void report_probe(const std::string& action, const Status& answer, bool asked);
  void report(std::string subject, const Error& error);
  // With where to grant what is missing.
  void report_github(std::string subject, const Error& error);

  const Config& config_;
  DiagnosisSeams seams_;
  Images& images_;
  RunnerPackages& packages_;
  std::vector<Finding> findings_;
};

// The most that machines can cost in one day, and how that comes about. Disks and traffic are
// extra.
struct WorstDay {
  Money all_machines;  // as many of the dearest type as can live at once, all day
  Money at_most;       // the same, capped by limits.usd_per_day
  std::string text;    // one line
};
[[nodiscard]] WorstDay worst_day(const Config& config);

}  // namespace mayfly
