#pragma once

// Metrics on Lambda: log lines in CloudWatch's embedded metric format, from which CloudWatch makes
// metrics by itself (AWS, "Embedded metric format specification"). Where MAYFLY_METRICS is "all";
// without it only the metrics that the template's alarms watch are made, for each costs money.
// Namespace mayfly, one dimension: Deployment.

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "lease/admission.h"
#include "lease/lease.h"
#include "report/stages.h"
#include "seam/log.h"
#include "service/sweeper.h"

namespace mayfly::cli {

// The member "_aws" of such a line: names and units of the metrics among its other members.
[[nodiscard]] std::string embedded_header(
    WallTime now, const std::vector<std::pair<std::string, std::string>>& metrics);

class EmbeddedMetrics {
 public:
  EmbeddedMetrics(Log& log, std::string deployment, bool is_on)
      : log_(log), deployment_(std::move(deployment)), is_on_(is_on) {}

  // One line for each sweep.
  void say_sweep(const SweepReport& report, const Usage& usage, WallTime now);
  // One line for each runner that came online; told in any case, as a metric where they are on.
  void say_runner(const Lease& lease, const report::Journey& journey, WallTime now);

 private:
  Log& log_;
  std::string deployment_;
  bool is_on_;
};

}  // namespace mayfly::cli
