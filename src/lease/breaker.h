#pragma once

// The breaker for launches: when launches fail one after the other for one cause, that cause is
// ours or the owner's, and more launches only cost money and calls. New ones then pause for a while
// after the newest failure. Pure; the ledger asks it within the transaction that would write an
// intent. It stops intents alone: what was intended before is still sent, and no termination asks.
//
// What counts as a failure: AWS refuses the launch, other than for lack of capacity, a rate limit
// or an answer that was lost; the machine died or was given up before its runner came online, other
// than taken back by spot; GitHub refuses the registration. A runner that came online closes it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codes.h"
#include "base/time.h"
#include "lease/lease.h"

namespace mayfly {

// What became of a launch.
enum class Verdict {
  came_up,     // its runner was online
  failed,      // cause says why
  no_machine,  // a definite answer: no capacity. It counts for no limit on launches
  other,       // it proves nothing: the run was over first, spot took the machine, no answer came
};
[[nodiscard]] std::string_view to_string(Verdict verdict);
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view text);

struct LaunchOutcome {
  Verdict verdict = Verdict::other;
  Code cause = Code::boot_failed;  // of a failed one
};

// What the lease, as it is written, says of its newest launch; none while that is open. A launch
// has one outcome: the first that its lease says.
[[nodiscard]] std::optional<LaunchOutcome> outcome_of_launch(const Lease& lease);

struct SettledLaunch {
  WallTime at{};  // when the outcome was known
  LaunchOutcome outcome;
};

struct LaunchPause {
  Code cause = Code::internal;
  int failures = 0;  // in a row, at least
  WallTime since{};  // the newest of them
  WallTime until{};
};

// newest_first: those that came up or failed; failures_max of them are enough to tell.
[[nodiscard]] std::optional<LaunchPause> find_pause(const std::vector<SettledLaunch>& newest_first,
                                                    int failures_max, Millis pause, WallTime now);
// "the last 5 launches failed for aws-config (...); launches pause until 2026-11-23T12:15:00Z"
[[nodiscard]] std::string describe(const LaunchPause& pause);

}  // namespace mayfly
