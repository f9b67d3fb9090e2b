#pragma once

// How modelled machines behave, and what they tell of what they did. The bad ones do what a job
// that is root, a broken image or a dying host can do.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/aws/machine_observer.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/transport.h"

namespace mayfly::lab {

enum class Behaviour {
  honest,
  dead,                // never says a word: a broken image
  slow_boot,           // honest, but takes ten times as long to boot
  never_exits,         // root cancels the timer; the job ends, the machine stays
  replays_claim,       // claims again, same key and another: after its claim, online, after its job
  claims_for_another,  // uses its nonce for leases and instances of others, then its own
  floods_events,       // hundreds of events, most of them wrong
  mute_after_claim,    // claims and never connects to GitHub
  crashes_in_job,      // half through its job the machine is off, without a word
  hangs,               // the runner falls silent, listening or in its job; the machine stays
  clock_off,           // boots with a clock that is wrong by minutes or hours
};

[[nodiscard]] std::string_view to_string(Behaviour behaviour);

// One POST /v1/claims of a machine and what came of it.
struct ClaimAttempt {
  InstanceId by;
  std::string own_lease;
  std::string lease;     // asked for
  std::string instance;  // asked for
  std::string key;
  std::string nonce;        // always its own: it has no other
  int status = 0;           // 0: no answer
  std::string body_sha256;  // in hex; empty: no answer
  std::string runner_name;  // of the JIT config; empty: there was none
};

// Sums over all machines that were given the same one.
struct ModelCounts {
  std::uint64_t claims = 0;             // attempts of any kind
  std::uint64_t claims_repeated = 0;    // after one that had succeeded
  std::uint64_t claims_for_others = 0;  // lease or instance were not its own
  std::uint64_t hostile_accepted = 0;   // of these two: answered 200
  std::uint64_t events_flooded = 0;
  std::uint64_t events_refused = 0;  // of these: answered 4xx
  std::uint64_t heartbeats = 0;      // polls during a job
  std::uint64_t timers_fired = 0;    // machines that their own timer switched off
};

struct ModelOptions {
  std::string imds_url = "http://169.254.169.254/imds";  // the machine's id is added
  Millis boot{15'000};                                   // from running to the first call
  Millis install{8'000};                                 // the runner's download
  Millis poll{2'000};                                    // between questions for a job
  Millis heartbeat{20'000};         // between polls during a job: GitHub gives a silent runner up
  Millis hook{5'000};               // from a job of another run to its end by the hook
  Millis admission_limit{120'000};  // for how long the hook asks whether such a job may begin
  Millis retry{2'000};              // after a failed call
  Millis claim_retry{5'000};        // where the service names no Retry-After
  Millis claim_limit{120'000};
  Millis idle_limit{900'000};
  Millis call_limit{20'000};
  // boot.sh asks the service for the date before it goes on, and gives up after 30 tries. One that
  // is clock_off does so always.
  bool checks_clock = false;
  bool arms_timer = true;  // false: enforcers alone end a machine, as where root cancelled it
  int flood = 70;          // events of one that floods, at each of three moments
  std::optional<Millis> job = {};                           // instead of the job's own duration
  std::function<Behaviour(const Machine&)> behaviour = {};  // none: honest
  // Of leases and instances that are not its own: what a claims_for_another tries, 8 at most.
  std::function<std::vector<std::pair<std::string, std::string>>()> others = {};
  std::function<void(const ClaimAttempt&)> on_claim = {};  // after each; may not wait
  ModelCounts* counts = nullptr;                           // it must outlive the machines
};

struct ModelSeams {
  HttpTransport& transport;
  Clock& clock;
  Entropy& entropy;
};

}  // namespace mayfly::lab
