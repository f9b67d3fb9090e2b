#pragma once

// How long the newest runners took, remembered as one fact of the ledger: what a stage "usually
// takes" and the dashboard's percentiles cost one read, whatever the ledger holds and wherever it
// is. Each runner that comes online costs one read and one write. Two processes that write at once
// may lose each other's note, which costs a sample and no more. Errors: those of the ledger.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.h"
#include "report/stages.h"

namespace mayfly::report {

struct RunnerTime {
  LeaseId lease;
  Architecture architecture = Architecture::x86_64;
  WallTime online_at{};
  Millis runner{0};                // from the ask until online
  std::map<Stage, Millis> stages;  // those that were stamped at both ends; never Stage::job
};

// The stages in which a runner's time is told, in order.
inline constexpr std::array k_runner_stages = {Stage::verify, Stage::relaunch, Stage::launch,
                                               Stage::boot,   Stage::runner,   Stage::claim,
                                               Stage::online};
inline constexpr std::size_t k_recent_times_max = 100;
// Fewer runners than these say nothing of what is usual.
inline constexpr std::size_t k_usual_min = 5;

class RecentTimes {
 public:
  // Nothing without a runner; a lease that is there already is replaced.
  void note(const Lease& lease, const Journey& journey);

  [[nodiscard]] const std::vector<RunnerTime>& all() const { return all_; }  // newest first
  // The median of each stage; none of those that fewer than k_usual_min runners show.
  [[nodiscard]] std::map<Stage, Millis> usual(Architecture architecture) const;

  // JSON, for the ledger. What cannot be read, or is too much, is an empty memory.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static RecentTimes from_text(std::string_view text);

 private:
  std::vector<RunnerTime> all_;
};

[[nodiscard]] Result<RecentTimes> recent_times(Ledger& ledger);
[[nodiscard]] Status note_runner_time(Ledger& ledger, const Lease& lease, const Journey& journey);

}  // namespace mayfly::report
