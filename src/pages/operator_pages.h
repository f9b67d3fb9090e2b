#pragma once

// The operator's pages below one place, wherever that is: the dashboard at "", the list of leases
// at "leases", one lease with all its stamps at "leases/{id}", the newest runners at "times". Reads
// the ledger and asks the process, nobody else. Whoever calls has made sure that it is the operator
// who asks.
//
// What is live is read at most once a second, the newest leases, the audit and the times once in
// ten, so that a page of a large ledger costs little, and several viewers not more than one. What a
// page shows may be so old, and three times that while the ledger takes its time (kept.h). Thread
// rule: safe from many threads; no lock is held while the ledger is read.

#include <functional>

#include "config/config.h"
#include "http/url.h"
#include "ledger/ledger.h"
#include "pages/dashboard.h"
#include "pages/kept.h"
#include "seam/clock.h"
#include "seam/http_message.h"

namespace mayfly::pages {

class OperatorPages {
 public:
  using ProcessFactsOf = std::function<ProcessFacts()>;  // safe from many threads
  OperatorPages(const Config& config, Clock& clock, Ledger& ledger, ProcessFactsOf process)
      : config_(config), clock_(clock), ledger_(ledger), process_(std::move(process)) {}

  // below: the path below the place, "" or "leases" or "leases/l-…". Of the request only its query
  // and its whole path count.
  [[nodiscard]] Result<HttpResponse> answer(const Target& target, const std::string& below);

  static constexpr int k_leases_max = 1'000;

 private:
  struct Newest {
    std::vector<Lease> leases;  // newest first
    Audit audit;
    PoolMemory pools;
  };
  struct Now {
    Usage usage;
    std::vector<Lease> live;  // newest first
  };

  [[nodiscard]] Result<Kept<Newest>::Pointer> newest();
  [[nodiscard]] Result<Newest> read_newest();
  [[nodiscard]] Result<Kept<report::RecentTimes>::Pointer> recent_times();
  [[nodiscard]] Result<Kept<Now>::Pointer> now();
  [[nodiscard]] Result<Now> read_now();
  [[nodiscard]] Result<HttpResponse> dashboard(const std::string& root);
  [[nodiscard]] Result<HttpResponse> times(const std::string& root);
  [[nodiscard]] Result<HttpResponse> list(const Target& target, const std::string& root);
  [[nodiscard]] Result<HttpResponse> lease(const LeaseId& id, const std::string& root);

  const Config& config_;
  Clock& clock_;
  Ledger& ledger_;
  ProcessFactsOf process_;
  Kept<Newest> newest_;
  Kept<report::RecentTimes> times_;
  Kept<Now> now_;
};

}  // namespace mayfly::pages
