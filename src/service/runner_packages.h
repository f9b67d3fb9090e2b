#pragma once

// Which actions/runner archive a machine downloads where its image has none: the newest by GitHub's
// own list, or the version that the owner pinned with checksums. The list is asked for at most once
// an hour, and after a failure not for five seconds, however often machines ask. Thread rule: safe
// from many threads; no lock is held during a call.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "github/client.h"
#include "seam/clock.h"

namespace mayfly {

struct RunnerPackage {
  std::string version;
  std::string url;
  std::string sha256;  // empty where GitHub names none: the machine then refuses to download
};

class RunnerPackages {
 public:
  RunnerPackages(const Config& config, github::GithubClient& github, Clock& clock)
      : config_(config), github_(github), clock_(clock) {}

  [[nodiscard]] Result<RunnerPackage> package_for(Architecture architecture);
  // By GitHub's list, whatever is pinned. Asks each time.
  [[nodiscard]] Result<RunnerPackage> newest(Architecture architecture) {
    return ask_github(architecture);
  }

 private:
  [[nodiscard]] Result<RunnerPackage> ask_github(Architecture architecture);

  const Config& config_;
  github::GithubClient& github_;
  Clock& clock_;
  std::mutex mutex_;
  std::map<Architecture, RunnerPackage> latest_;
  SteadyTime latest_until_{};
  std::optional<Error> failure_;
  SteadyTime failure_until_{};
};

// "linux-x64-2.336.0" out of "actions-runner-linux-x64-2.336.0.tar.gz" gives "2.336.0".
[[nodiscard]] std::string version_in(const std::string& filename);

}  // namespace mayfly
