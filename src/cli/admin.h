#pragma once

// The operator's listener, on loopback only: whether the service is alive and its sweep on time,
// its metrics, and the dashboard for whoever may see it (pages/operator_gate.h).
// Thread rule: handle() is called from several threads at once.

#include <mutex>
#include <optional>

#include "base/secret.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "pages/operator_pages.h"
#include "seam/clock.h"
#include "seam/http_message.h"
#include "service/sweeper.h"

namespace mayfly::cli {

// Of all sweeps of this process.
struct SweepTotals {
  std::int64_t sweeps = 0;
  std::int64_t problems = 0;
  std::int64_t terminated = 0;
  std::int64_t orphans = 0;  // of those
  std::int64_t runners_removed = 0;
};

class LastSweep {
 public:
  void note(WallTime at, const SweepReport& report);
  [[nodiscard]] std::optional<std::pair<WallTime, SweepReport>> get() const;
  [[nodiscard]] SweepTotals totals() const;

 private:
  mutable std::mutex mutex_;
  std::optional<std::pair<WallTime, SweepReport>> last_;
  SweepTotals totals_;
};

struct Counters;  // cli/metrics.h

class Admin final : public HttpService {
 public:
  // token: empty where there is none. process: what the dashboard says of it.
  Admin(const Config& config, Clock& clock, Ledger& ledger, LastSweep& last_sweep,
        const Counters& counters, Secret token = {},
        pages::OperatorPages::ProcessFactsOf process = {})
      : config_(config),
        clock_(clock),
        ledger_(ledger),
        last_sweep_(last_sweep),
        counters_(counters),
        token_(std::move(token)),
        pages_(config, clock, ledger, std::move(process)) {}

  // GET /healthz: 200 while the sweep is on time and could see the cloud, else 503; both with
  // figures. GET /metrics: for Prometheus (cli/metrics.h). Both open to whoever reaches the port.
  // Everything else is the operator's.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  [[nodiscard]] HttpResponse watch(const HttpRequest& request);
  [[nodiscard]] HttpResponse health();

  const Config& config_;
  Clock& clock_;
  Ledger& ledger_;
  LastSweep& last_sweep_;
  const Counters& counters_;
  const Secret token_;
  pages::OperatorPages pages_;
};

}  // namespace mayfly::cli
