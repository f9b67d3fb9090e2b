#pragma once

// Whether more machines may be started: caps on their number and on money, counting what is only
// intended. Called inside the ledger's transaction with what that transaction read.

#include <map>
#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "lease/breaker.h"
#include "lease/lease.h"

namespace mayfly {

// The owner's [limits].
struct Caps {
  int machines = 10;
  int machines_per_repository = 10;
  int machines_per_run = 4;  // of each architecture: whoever asks first leaves the other its place
  Money usd_per_day;
  Money usd_per_month;
  int machines_per_actor = 1000;         // of one account; 1000: as many as there may be at all
  int machines_per_pull_request = 1000;  // of one head (Lease::head)
  int machines_for_seed_labels = 4;      // leases by bare label, of all repositories together
  int launches_per_hour = 60;            // intents, replacements of dead machines included
  // Launches that failed in a row for one cause until new ones pause, and for how long.
  int launch_failures_max = 5;
  Millis launch_pause{std::chrono::minutes{15}};
};

// Launches are counted for so long.
inline constexpr Millis k_launch_window = std::chrono::hours{1};

struct LaunchUsage {
  std::vector<WallTime>
      of_hour;  // when they were intended, oldest first; not those without machine
  std::optional<LaunchPause> pause;
};

// What is used up. Machines: leases whose machine is not confirmed ended. Money: reserved by those,
// and the whole cost of each machine that lived at some time since midnight, and since the first of
// the month (UTC): more than that day's share of it, never less. Heads and actors count over all
// repositories; those that GitHub does not name count as one.
struct Usage {
  int machines = 0;
  int machines_of_repository = 0;
  std::map<Architecture, int> machines_of_run;
  Money reserved;
  Money spent_today;
  Money spent_this_month;
  int machines_of_actor = 0;
  int machines_of_head = 0;
  int machines_for_seed_labels = 0;
  LaunchUsage launches;
};

// All of one run.
struct Ask {
  int machines = 0;
  Money reserve;
  Source source = Source::v1;
  std::map<Architecture, int> of_run = {};  // machines, by architecture
};

// Ok, or the first cap that would be passed, with both figures in the message.
[[nodiscard]] Status admit(const Usage& usage, const Ask& ask, const Caps& caps, WallTime now);
// The part of it that also holds for a launch in place of a dead machine. retry_after is set: the
// moment at which enough launches will have left the hour, or the end of the pause.
[[nodiscard]] Status admit_launches(const LaunchUsage& usage, int launches, const Caps& caps,
                                    WallTime now);

// How much of the money is spent or reserved, in percent of the cap that is nearer; rounded down.
[[nodiscard]] int money_percent(const Usage& usage, const Caps& caps);

// The most that a lease can cost from now to its deadline: its machines run one after the other,
// each is billed for a minute at least, and the last may outlive the deadline by the sweep's bound.
[[nodiscard]] Money worst_case(Money usd_per_hour, Millis until_deadline, int boots_max);

}  // namespace mayfly
