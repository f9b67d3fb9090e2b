#pragma once

// Which AMI an architecture boots from: a fixed id, an SSM parameter, or the newest of an owner's
// images whose name fits a pattern (by creation date over all pages: EC2 gives no order, facts.md
// B5). The answer is kept for an hour as a fact in the ledger, and in memory, so that a launch
// usually asks nobody. Thread rule: safe from many threads.

#include <map>
#include <mutex>
#include <string>

#include "aws/ec2.h"
#include "aws/ssm.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"

namespace mayfly {

class Images {
 public:
  Images(const Config& config, aws::Ec2Client& ec2, aws::SsmClient& ssm, Ledger& ledger,
         Clock& clock)
      : config_(config), ec2_(ec2), ssm_(ssm), ledger_(ledger), clock_(clock) {}

  [[nodiscard]] Result<std::string> image_for(Architecture architecture);
  // After EC2 has refused the image: the next call looks again.
  [[nodiscard]] Status forget(Architecture architecture);

 private:
  // From memory or the ledger, unless that was too long ago.
  [[nodiscard]] Result<std::optional<std::string>> believed_image(const std::string& fact);
  [[nodiscard]] std::string remembered(const std::string& fact);
  void remember(const std::string& fact, const std::string& text);
  [[nodiscard]] Result<std::string> look_up(Architecture architecture, const ImageConfig& image);

  const Config& config_;
  aws::Ec2Client& ec2_;
  aws::SsmClient& ssm_;
  Ledger& ledger_;
  Clock& clock_;
  std::mutex mutex_;                          // of what follows
  std::map<std::string, std::string> facts_;  // by name, as they were last
};

// The newest by creation date, then by name. none for an empty list.
[[nodiscard]] std::optional<aws::Image> newest(const std::vector<aws::Image>& images);

}  // namespace mayfly
