#pragma once

// The operator's pages below one place, wherever that is: the dashboard at "", the list of leases
// at "leases", one lease with all its stamps at "leases/{id}". Reads the ledger and nobody else.
// Whoever calls has made sure that it is the operator who asks.
//
// The newest leases are read at most every ten seconds, the stamps of the newest few of them too,
// so that a page of a large ledger costs little, and several viewers not more than one. What a page
// shows of them may be so old. Thread rule: safe from many threads; no lock is held while the
// ledger is read.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "config/config.h"
#include "http/url.h"
#include "ledger/ledger.h"
#include "pages/dashboard.h"
#include "seam/clock.h"
#include "seam/http_message.h"

namespace mayfly::pages {

class OperatorPages {
 public:
  using LastSweepOf = std::function<std::optional<std::pair<WallTime, SweepReport>>()>;
  // last_sweep: none where the process does not know of one.
  OperatorPages(const Config& config, Clock& clock, Ledger& ledger, LastSweepOf last_sweep)
      : config_(config), clock_(clock), ledger_(ledger), last_sweep_(std::move(last_sweep)) {}

  // below: the path below the place, "" or "leases" or "leases/l-…". Of the request only its query
  // and its whole path count.
  [[nodiscard]] Result<HttpResponse> answer(const Target& target, const std::string& below);

  static constexpr int k_leases_max = 2'000;
  static constexpr int k_timed_max = 200;

 private:
  struct Newest {
    std::vector<Lease> leases;
    std::vector<RunnerTime> times;
    std::size_t times_of = 0;
    SteadyTime until{};
  };
  using Known = std::shared_ptr<const Newest>;

  [[nodiscard]] Result<Known> newest();
  [[nodiscard]] Result<Known> read_newest();
  [[nodiscard]] Result<HttpResponse> dashboard(const std::string& root);
  [[nodiscard]] Result<HttpResponse> list(const Target& target, const std::string& root);
  [[nodiscard]] Result<HttpResponse> lease(const LeaseId& id, const std::string& root);

  const Config& config_;
  Clock& clock_;
  Ledger& ledger_;
  LastSweepOf last_sweep_;
  std::mutex mutex_;
  Known newest_;
};

}  // namespace mayfly::pages
