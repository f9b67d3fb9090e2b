#pragma once

// The operator's listener, on loopback only: whether the service is alive and its sweep on time.
// Thread rule: handle() is called from several threads at once.

#include <mutex>
#include <optional>

#include "config/config.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/http_message.h"
#include "service/sweeper.h"

namespace mayfly::cli {

class LastSweep {
 public:
  void note(WallTime at, const SweepReport& report);
  [[nodiscard]] std::optional<std::pair<WallTime, SweepReport>> get() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::pair<WallTime, SweepReport>> last_;
};

class Admin final : public HttpService {
 public:
  Admin(const Config& config, Clock& clock, Ledger& ledger, LastSweep& last_sweep)
      : config_(config), clock_(clock), ledger_(ledger), last_sweep_(last_sweep) {}

  // GET /healthz: 200 while the sweep is on time and could see the cloud, else 503; both with
  // figures.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  const Config& config_;
  Clock& clock_;
  Ledger& ledger_;
  LastSweep& last_sweep_;
};

}  // namespace mayfly::cli
