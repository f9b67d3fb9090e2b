#pragma once

// What each stage usually takes, for the pages: the medians of the newest runners
// (report/recent_times.h), read of the ledger at most once a minute. Where they cannot be read
// there are none, until the next minute. Thread rule: safe from many threads; no lock is held while
// the ledger is read.

#include <map>
#include <mutex>

#include "ledger/ledger.h"
#include "pages/story.h"
#include "report/recent_times.h"
#include "seam/clock.h"

namespace mayfly::pages {

// The stage as pages show it; each of report's has one, but for relaunches.
[[nodiscard]] std::optional<StageKind> kind_of(report::Stage stage);

[[nodiscard]] Usuals usuals_in(const report::RecentTimes& times, Architecture architecture);

class UsualTimes {
 public:
  UsualTimes(Clock& clock, Ledger& ledger) : clock_(clock), ledger_(ledger) {}

  [[nodiscard]] Usuals of(Architecture architecture);

 private:
  [[nodiscard]] std::map<Architecture, Usuals> read();

  Clock& clock_;
  Ledger& ledger_;
  std::mutex mutex_;
  std::map<Architecture, Usuals> known_;
  std::optional<SteadyTime> until_;
};

}  // namespace mayfly::pages
