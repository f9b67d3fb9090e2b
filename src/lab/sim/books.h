#pragma once

// What the laws have in common: one view of the world, brought up to date at most once for each
// moment, and the history of machines and leases as it went by. It reads the emulated EC2 itself
// and, for laws about the ledger, the ledger. Both histories only grow: each law keeps how far it
// has read. One thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/aws/ec2_world.h"
#include "lab/github/github_world.h"
#include "lab/sim/law.h"
#include "lease/lease.h"

namespace mayfly::lab::sim {

// One instance of our deployment, as EC2 really has it.
struct SeenMachine {
  InstanceId id;
  LeaseId lease;   // of a batch: that of its place in it
  LeaseId tagged;  // of its tag
  int launch = 0;
  std::optional<WallTime> deadline;  // of its tag
  std::string nonce;
  WallTime launched_at{};
  SteadyTime seen_at{};
  aws::InstanceState state = aws::InstanceState::pending;
  bool has_metadata = true;
  std::string reason_code;
  WallTime reason_at{};
  Pool pool;
  Money cost;  // really charged so far
  SteadyTime visible_at{};
  // EC2's own calls did not know it, after they had; or took long to.
  std::optional<SteadyTime> hidden_since;
  Millis hidden_for{0};  // the longest time

  [[nodiscard]] bool is_live() const { return lab::is_live(state); }
  // Also what is stopped: it costs money and can be started again.
  [[nodiscard]] bool exists() const;
};

struct MachineChange {
  enum class Kind { started, ended };
  Kind kind = Kind::started;
  InstanceId id;
};

struct LeaseChange {
  std::optional<Lease> before;  // none: it is new
  Lease after;
};

class Books {
 public:
  // Brings everything up to now; cheap when nothing has changed.
  void refresh(SimWorld& world);

  [[nodiscard]] const std::map<InstanceId, SeenMachine>& machines() const { return machines_; }
  [[nodiscard]] const SeenMachine* find(const InstanceId& id) const;
  [[nodiscard]] const std::vector<MachineChange>& machine_changes() const {
    return machine_changes_;
  }
  // Of the present ledger, as last written; also those that are gone.
  [[nodiscard]] const std::map<LeaseId, Lease>& leases() const { return leases_; }
  [[nodiscard]] const Lease* find(const LeaseId& id) const;
  // Those of its run, of all attempts, whose runners would be given the job.
  [[nodiscard]] std::vector<Lease> leases_for(const GithubJob& job) const;
  [[nodiscard]] const std::vector<LeaseChange>& lease_changes() const { return lease_changes_; }
  [[nodiscard]] Money spent() const;  // by our machines, really

 private:
  void refresh_machines(SimWorld& world);
  void refresh_leases(SimWorld& world);
  void see(SimWorld& world, const FakeInstance& instance);
  void charge(const FakeInstance& instance, SteadyTime now);
  void see_lease(const Lease& lease);
  void find_place(SeenMachine& machine) const;

  SteadyTime refreshed_at_{};
  std::uint64_t aws_change_ = 0;
  bool is_any_charged_ = false;
  std::uint64_t ledger_write_ = 0;
  SteadyTime ledger_lost_{};
  std::map<InstanceId, SeenMachine> machines_;
  std::vector<MachineChange> machine_changes_;
  std::map<LeaseId, Lease> leases_;
  std::vector<LeaseChange> lease_changes_;
};

// The runners that GitHub has now and that were registered for this machine. After a lost ledger
// another machine's may have borne the same names.
[[nodiscard]] std::vector<GithubRunner> runners_of(SimWorld& world, const SeenMachine& machine);
// Whether it has no launch under way because a limit on launches, or their pause, forbids one.
[[nodiscard]] bool waits_to_launch(const Lease& lease);
// How far the times of recent trouble reach: the later of the two.
[[nodiscard]] inline SteadyTime later(SteadyTime a, SteadyTime b) { return a < b ? b : a; }
// A moment of the calendar on the steady clock.
[[nodiscard]] SteadyTime steady_at(SimWorld& world, WallTime t);
// When anything that a server needs last went wrong.
[[nodiscard]] SteadyTime last_trouble(const SimWorld& world);
// nullptr: there is none, or it is forgotten.
[[nodiscard]] const GithubRun* find_run(SimWorld& world, RunId id);

}  // namespace mayfly::lab::sim
