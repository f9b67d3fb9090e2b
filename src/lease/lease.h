#pragma once

// The lease: the right of one (repository, run, attempt, architecture, index) to one runner until a
// deadline. This room holds its states and every decision about them as pure functions: no clock,
// no call, no storage. What the cloud and GitHub say comes in as facts; what to do comes out as
// values.
//
// clang-format off
//   launching --> booting --> claimed --> online --> busy --> ending --> gone
//     |  ^           |           |          |         |         ^
//     |  +-----------+-----------+----------+---------+         |  relaunch: died before its job,
//     |              |           |          |         |         |  or given another run's job, and
//     |              |           |          |         |         |  launches are left
//     +--------------+-----------+----------+---------+---------+  deadline, run over, done, ...
// clang-format on
//
// "ending" means: nothing more is wanted; the instance must be terminated and the runner taken off
// GitHub. "gone" is terminal and means that both are confirmed. The outcome says why it ended.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/codes.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"

namespace mayfly {

enum class LeaseState { launching, booting, claimed, online, busy, ending, gone };

[[nodiscard]] std::string_view to_string(LeaseState state);
[[nodiscard]] std::optional<LeaseState> parse_lease_state(std::string_view text);
// Whether the drawing above has this edge. Staying is not an edge.
[[nodiscard]] bool is_edge(LeaseState from, LeaseState to);
// Whether a lease in this state counts against the caps: everything but gone.
[[nodiscard]] bool is_live(LeaseState state);

// How the request came in: by a bare label; for a run that is named; for a run whose jobs name
// labels that those of other runs name as well.
enum class Source { seed, v1, shared };
[[nodiscard]] std::string_view to_string(Source source);
[[nodiscard]] std::optional<Source> parse_source(std::string_view text);

// Why a lease is ending or gone.
enum class Outcome {
  none,         // not ending yet
  job_done,     // the runner took its job and finished
  run_over,     // the run completed or was superseded before a job came
  released,     // the operator released it
  no_capacity,  // nothing could be launched
  refused,      // AWS or GitHub refuse us: the owner must change something
  boot_failed,  // the last allowed launch did not become a runner
  idle,         // online, but no job came in time
  deadline,     // the time is up
  interrupted,  // spot took the machine back during its job
};
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view text);

// What makes a lease unique: asking again for the same key is answered with the same lease.
// A v1 lease is known by its run, attempt and index. A seed lease is known by its label, because
// its caller names no run; the run it is bound to is then an attribute (Lease::run_id), not the
// identity. Only where a later attempt of that run carries the label again is it known by label,
// run and attempt. A shared lease is known like a v1 lease, among those of its kind; it may be
// given to another run that its runner was handed a job of, and the run is then an attribute as
// well.
struct LeaseKey {
  RepositoryName repository;
  Architecture architecture = Architecture::x86_64;
  std::string label;    // seed only; else empty
  RunId run_id = 0;     // v1 and shared, and seed in a later attempt; else 0
  int run_attempt = 0;  // likewise
  int index = 0;        // not seed: 0, 1, ... among runners of one architecture in one attempt
  Source source = Source::v1;
};

// One launch: the intent, written before the call, and what is known of the machine.
struct Launch {
  int number = 0;  // 1, 2, ... ; 0: none yet
  int boots = 0;   // launches that gave a machine
  ClientToken client_token;
  std::string request;   // the exact body to send and send again; empty once answered
  bool pending = false;  // intent written, no definite answer yet
  WallTime intended_at{};
  bool on_demand = false;
  InstanceId instance_id;  // empty until known
  std::string instance_type;
  std::string zone;
  Money usd_per_hour;        // the most it can cost
  std::string nonce_sha256;  // of the claim nonce, hex
  std::string subnet;        // empty until known
  // Of leases that one call launches machines for: the first of them, whose tags all the machines
  // carry, the lease's place among them, from 0, and how many they are. The machine of a place is
  // the one with so many lower ids in the call's answer. Empty: a call of its own.
  LeaseId batch;
  int batch_place = 0;
  int batch_size = 1;
};

struct Lease {
  LeaseId id;
  RepositoryName repository;
  RunId run_id = 0;
  int run_attempt = 1;
  Architecture architecture = Architecture::x86_64;
  int index = 0;
  std::string label;                // the first of the runner's labels
  std::vector<std::string> labels;  // all of them, as registered
  Source source = Source::v1;
  std::string actor;  // who triggered the run, for limits and costs
  std::string head;   // "owner/repo:branch" of the run's code: its pull request, for limits
  LeaseState state = LeaseState::launching;
  Outcome outcome = Outcome::none;
  std::string reason;  // in words, where there is more to say; printable
  WallTime created_at{};
  WallTime state_since{};
  WallTime deadline{};
  std::int64_t version = 0;  // +1 at every write; compare-and-set

  Launch launch;
  std::optional<WallTime> next_launch_at;  // launching without an intent: when to try again
  std::optional<WallTime> give_up_at;      // launching: when to stop waiting for capacity
  Money reserved;                          // worst case from now to the deadline, while live

  std::string claim_key_sha256;  // empty until claimed
  std::string runner_name;       // registered name, empty until claimed
  std::optional<RunnerId> runner_id;
  bool metadata_off = false;                      // IMDS switched off
  bool job_seen = false;                          // the runner has taken a job, perhaps another's
  bool job_confirmed = false;                     // one of its own run: its hook or GitHub said so
  bool release_asked = false;                     // the doorbell: look whether it is still needed
  bool run_confirmed = false;                     // seed only: a job of run_id carries the label
  std::optional<WallTime> runner_missing_since;   // GitHub's complete list lacks it since
  std::optional<WallTime> machine_missing_since;  // likewise EC2's and the machine
  bool runner_removed = false;                    // confirmed not on GitHub
  bool machine_ended = false;                     // confirmed terminated, or never existed
  int interruptions = 0;                          // how often EC2 took a spot machine of it back
};

// What a machine cost or costs at most; one per instance ever launched.
struct MachineRecord {
  InstanceId instance_id;
  LeaseId lease_id;
  std::string instance_type;
  std::string zone;
  bool on_demand = false;
  Money usd_per_hour;
  WallTime launched_at{};
  std::optional<WallTime> ended_at;
  Money spent;  // final once ended_at is set: an upper bound at the on-demand price
};

// Whose tag the machine of the lease's present launch carries.
[[nodiscard]] inline const LeaseId& tagged_lease(const Lease& lease) {
  return lease.launch.batch.empty() ? lease.id : lease.launch.batch;
}

// One stamp on a lease's timeline. Names are stable kebab-case; detail is printable.
struct LeaseEvent {
  LeaseId lease_id;
  WallTime at{};
  std::string name;
  std::string detail;
};

// Stamps that say what was refused on behalf of a lease, and why: for its owner alone, since a
// stranger could read from them how near a guess came.
inline constexpr const char* k_claim_refused = "claim-refused";
inline constexpr const char* k_event_refused = "event-refused";
[[nodiscard]] bool is_refusal(const LeaseEvent& event);
// For what a refused lease was refused: its reason begins with the code's name.
[[nodiscard]] Code code_of_refusal(const Lease& lease);

// "l-" + 20 hex digits of a hash over the key and the deployment: the same key has the same id.
[[nodiscard]] LeaseId lease_id_for(const std::string& deployment, const LeaseKey& key);
// "mf-<deployment>-<lease>-<launch>-<try>": names our runners on GitHub, unique per try.
[[nodiscard]] std::string runner_name_for(const std::string& deployment, const LeaseId& lease,
                                          int launch, int attempt);
[[nodiscard]] std::string runner_name_prefix(const std::string& deployment);
// The lease that a runner of ours was made for; none if the name is not one of ours.
[[nodiscard]] std::optional<LeaseId> lease_of_runner(const std::string& deployment,
                                                     std::string_view runner_name);

}  // namespace mayfly
