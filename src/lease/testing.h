#pragma once

// Leases in each state for tests, and short ways to ask decide().

#include "lease/decide.h"
#include "lease/label.h"

namespace mayfly::testing {

inline const WallTime k_start = wall_from_epoch_seconds(1'800'000'000);

inline Lease lease_in(LeaseState state) {
  Lease lease;
  lease.repository = RepositoryName{"rr-debugger/rr"};
  lease.run_id = 42;
  lease.id = lease_id_for("test", {lease.repository, lease.architecture, "", 42, 1, 0});
  lease.label = RunnerLabels().derived(42, 0, Architecture::x86_64);
  lease.labels = {lease.label, "arch_x86_64"};
  lease.created_at = k_start;
  lease.state_since = k_start;
  lease.deadline = k_start + Seconds{3600};
  lease.state = state;
  lease.launch.number = 1;
  lease.launch.intended_at = k_start;
  lease.reserved = Money{1'530'000};
  if (state == LeaseState::launching) {
    lease.launch.pending = true;
    lease.launch.request = "Action=CreateFleet";
    lease.next_launch_at = k_start + Seconds{30};
    return lease;
  }
  lease.launch.boots = 1;
  lease.launch.instance_id = InstanceId{"i-0123456789abcdef0"};
  if (state != LeaseState::booting) {
    lease.runner_name = runner_name_for("test", lease.id, 1, 1);
    lease.runner_id = 7;
    lease.claim_key_sha256 = "00";
    lease.metadata_off = true;
    lease.job_seen = lease.job_confirmed = state == LeaseState::ending;
  }
  if (state == LeaseState::ending) lease.outcome = Outcome::job_done;
  if (state == LeaseState::gone) {
    lease.outcome = Outcome::job_done;
    lease.machine_ended = true;
    lease.runner_removed = true;
  }
  return lease;
}

inline const SweepPolicy k_policy;

// What a sweep decides, so long after the lease was made.
inline Decision after(const Lease& lease, const LeaseFacts& facts, Millis elapsed) {
  return decide(lease, facts, k_start + elapsed, k_policy);
}

// Everything is as it should be for the lease's state.
inline LeaseFacts facts_as_expected(const Lease& lease) {
  LeaseFacts facts;
  facts.run = RunSeen::live;
  facts.machine.seen = MachineSeen::alive;
  facts.machine.instance_id = lease.launch.instance_id;
  switch (lease.state) {
    case LeaseState::launching:
      facts.machine.seen = MachineSeen::absent;
      break;
    case LeaseState::booting:
      break;
    case LeaseState::claimed:
      facts.runner = RunnerSeen::offline;
      break;
    case LeaseState::online:
      facts.runner = RunnerSeen::online;
      break;
    case LeaseState::busy:
      facts.runner = RunnerSeen::busy;
      break;
    default:
      facts.runner = RunnerSeen::absent;
      break;
  }
  return facts;
}

inline bool has_act(const Decision& decision, Act act) {
  for (const Act one : decision.acts)
    if (one == act) return true;
  return false;
}

}  // namespace mayfly::testing
