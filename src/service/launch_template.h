#pragma once

// The launch template, which mayfly makes and keeps up to date: the same for every lease, so that
// nothing a caller says can reach a machine's user data. Its version is found by a hash over all
// that goes into it, written as the version's description; which version that is, is a fact in the
// ledger, and known as long as the process lives. Thread rule: safe from many threads; two that
// make the same version share it by client token.

#include <mutex>
#include <optional>
#include <string>

#include "aws/ec2.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"

namespace mayfly {

struct TemplateVersion {
  std::string name;
  std::string version;
};

class LaunchTemplates {
 public:
  LaunchTemplates(const Config& config, aws::Ec2Client& ec2, Ledger& ledger, Clock& clock)
      : config_(config), ec2_(ec2), ledger_(ledger), clock_(clock) {}

  // As it was last, from the ledger, looked up, or made.
  [[nodiscard]] Result<TemplateVersion> current();
  // After EC2 has said that it is not there: the next current() looks again.
  [[nodiscard]] Status forget();

 private:
  [[nodiscard]] std::optional<TemplateVersion> known();
  void know(std::optional<TemplateVersion> version);
  [[nodiscard]] Result<TemplateVersion> look_up();
  [[nodiscard]] Result<std::string> find_or_make(const aws::LaunchTemplate& wanted);

  const Config& config_;
  aws::Ec2Client& ec2_;
  Ledger& ledger_;
  Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::optional<TemplateVersion> known_;
};

// What the configuration asks for; version_description is the hash.
[[nodiscard]] aws::LaunchTemplate wanted_template(const Config& config);

}  // namespace mayfly
