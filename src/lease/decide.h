#pragma once

// What to do about one lease, given the facts: the heart of the sweep, and pure. The caller first
// writes the decision's lease to the ledger, then carries out its acts, so that a crash between the
// two is repaired by the next sweep deciding the same again.

#include <string>
#include <vector>

#include "lease/facts.h"
#include "lease/lease.h"

namespace mayfly {

struct SweepPolicy {
  Millis boot_timeout{Seconds{600}};
  Millis idle_timeout{Seconds{600}};
  int boots_max = 3;
  // A new launch's pending intent belongs to the request that made it for so long.
  Millis launch_patience{Seconds{30}};
  // A machine that complete lists lack for so long is believed to be gone. EC2 names terminated
  // machines for an hour, so this is rare, and lists may lag (facts.md D20, peers: 30 s to 60 s).
  Millis list_lag{Seconds{300}};
  // From a runner that left GitHub's list to a machine that should have powered itself off.
  Millis power_off_grace{Seconds{60}};
  // How old an answer of GitHub's about a run's jobs may be: a runner that had a job, and that the
  // jobs do not name for so long after it left the list, had another run's.
  Millis job_list_lag{Seconds{120}};
  // GitHub takes ephemeral runners off by itself after a day (facts.md A2).
  Millis runner_cleanup_max{std::chrono::hours{25}};
  // How long a seed lease whose run is over waits for its label to appear in another live run.
  Millis seed_rebind_patience{Seconds{300}};
};

enum class Act {
  resend_launch,     // send the pending intent's bytes again: same client token, no second machine
  new_launch,        // write a new intent, then send it
  terminate,         // the machine, whatever GitHub says
  retire_if_idle,    // take the runner off GitHub first; only if that worked, end the lease
  retire_if_late,    // likewise; only if that worked, launch again (relaunch)
  remove_runner,     // take the runner off GitHub, best effort
  disable_metadata,  // IMDS off
};

inline constexpr const char* k_too_late = "no runner came online in time";
inline constexpr const char* k_stolen = "the runner was given a job of another run";

struct Decision {
  Lease next;  // to be written if it differs (changed)
  bool changed = false;
  std::vector<Act> acts;           // in order
  std::vector<LeaseEvent> events;  // for the timeline, written with next
  bool interrupted = false;        // EC2 took the lease's spot machine back
};

[[nodiscard]] Decision decide(const Lease& lease, const LeaseFacts& facts, WallTime now,
                              const SweepPolicy& policy);

// Which facts are worth a call to GitHub for this lease now.
struct Questions {
  bool run = false;
  bool runner = false;
  bool jobs = false;
};
[[nodiscard]] Questions questions(const Lease& lease, const MachineFact& machine);

// Moves a lease along an edge and stamps it. Aborts on an edge that the drawing does not have.
void move_to(Decision& decision, LeaseState state, WallTime now, std::string detail = {});
void end_with(Decision& decision, Outcome outcome, WallTime now, std::string reason);
// The way back to launching, or the end when no launch is left. The old machine is terminated by
// the next decision, and its runner removed with all runners that no lease wants.
void relaunch(Decision& decision, WallTime now, const SweepPolicy& policy, const std::string& why);

}  // namespace mayfly
