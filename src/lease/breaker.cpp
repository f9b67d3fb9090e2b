#include "lease/breaker.h"

#include <algorithm>

namespace mayfly {
namespace {

constexpr LaunchOutcome k_came_up{Verdict::came_up};
constexpr LaunchOutcome k_no_machine{Verdict::no_machine};
constexpr LaunchOutcome k_other{Verdict::other};

LaunchOutcome failed(Code cause) { return {Verdict::failed, cause}; }

// One that spot takes back says no more about us than a lack of capacity.
LaunchOutcome outcome_of_boot(const Lease& lease) {
  const bool was_answered = !lease.launch.instance_id.empty();
  const bool taken_back = lease.reason.starts_with("Server.SpotInstance");
  return was_answered && !taken_back ? failed(Code::boot_failed) : k_other;
}

LaunchOutcome outcome_at_end(const Lease& lease) {
  switch (lease.outcome) {
    case Outcome::job_done:
    case Outcome::idle:
    case Outcome::interrupted:
      return k_came_up;
    case Outcome::no_capacity:
      return k_no_machine;
    case Outcome::refused:
      return failed(code_of_refusal(lease));
    case Outcome::boot_failed:
      return outcome_of_boot(lease);
    default:
      return k_other;
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::came_up:
      return "came-up";
    case Verdict::failed:
      return "failed";
    case Verdict::no_machine:
      return "no-machine";
    case Verdict::other:
      break;
  }
  return "other";
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const Verdict verdict :
       {Verdict::came_up, Verdict::failed, Verdict::no_machine, Verdict::other})
    if (to_string(verdict) == text) return verdict;
  return std::nullopt;
}

std::optional<LaunchOutcome> outcome_of_launch(const Lease& lease) {
  switch (lease.state) {
    case LeaseState::booting:
    case LeaseState::claimed:
      return std::nullopt;
    case LeaseState::online:
    case LeaseState::busy:
      return k_came_up;
    case LeaseState::launching:
      if (lease.launch.pending) return std::nullopt;
      // Back to launching, it knows the dead machine until that is gone.
      return lease.launch.instance_id.empty() ? k_no_machine : outcome_of_boot(lease);
    case LeaseState::ending:
    case LeaseState::gone:
      break;
  }
  return outcome_at_end(lease);
}

std::optional<LaunchPause> find_pause(const std::vector<SettledLaunch>& newest_first,
                                      int failures_max, Millis pause, WallTime now) {
  if (newest_first.empty() || std::ssize(newest_first) < failures_max) return std::nullopt;
  const SettledLaunch& newest = newest_first.front();
  const bool is_row = std::all_of(newest_first.begin(), newest_first.begin() + failures_max,
                                  [&](const SettledLaunch& launch) {
                                    return launch.outcome.verdict == Verdict::failed &&
                                           launch.outcome.cause == newest.outcome.cause;
                                  });
  if (!is_row || now >= newest.at + pause) return std::nullopt;
  return LaunchPause{newest.outcome.cause, failures_max, newest.at, newest.at + pause};
}

std::string describe(const LaunchPause& pause) {
  const CodeInfo& cause = info(pause.cause);
  return "the last " + std::to_string(pause.failures) + " launches failed for " +
         std::string(cause.name) + " (" + std::string(cause.title) + "); launches pause until " +
         iso8601(pause.until);
}

}  // namespace mayfly
