#pragma once

// Whether more machines may be started: caps on their number and on money, counting what is only
// intended. Called inside the ledger's transaction with what that transaction read.

#include <vector>

#include "base/ids.h"
#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "lease/lease.h"

namespace mayfly {

// The owner's [limits].
struct Caps {
  int machines = 10;
  int machines_per_repository = 10;
  int machines_per_run = 4;
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

// What is used up. Machines: leases whose machine is not confirmed ended. Money: reserved by those,
// and spent by machines launched since midnight and since the first of the month (UTC).
struct Usage {
  int machines = 0;
  int machines_of_repository = 0;
  int machines_of_run = 0;
  Money reserved;
  Money spent_today;
  Money spent_this_month;
};

struct Ask {
  int machines = 0;
  Money reserve;
};

// Ok, or the first cap that would be passed, with both figures in the message.
[[nodiscard]] Status admit(const Usage& usage, const Ask& ask, const Caps& caps);

// The most that a lease can cost from now to its deadline: its machines run one after the other,
// each is billed for a minute at least, and the last may outlive the deadline by the sweep's bound.
[[nodiscard]] Money worst_case(Money usd_per_hour, Millis until_deadline, int boots_max);

}  // namespace mayfly
