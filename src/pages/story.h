#pragma once

// A lease as its page, its badge and its summary tell it: what is public of it, with nothing that
// opens anything and no refusals (lease/lease.h), and what follows from that. Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "lease/lease.h"
#include "pages/stages.h"

namespace mayfly::pages {

// What stages took of late, by the ledger; none where that is not known.
using Usuals = std::map<StageKind, Millis>;

struct LeaseStory {
  Lease lease;
  std::vector<LeaseEvent> events;       // oldest first, without refusals
  std::vector<MachineRecord> machines;  // oldest first
  Usuals usuals;
};

// What went wrong, and what whoever reads it can do.
struct Trouble {
  std::string title;
  std::string detail;  // the reason as it was noted; may be empty
  std::string remedy;
};

// Of a lease that ended without its job, and of one that has to wait; none while all is well.
[[nodiscard]] std::optional<Trouble> trouble_of(const Lease& lease);

// At most, for the machines until now: at the on-demand price, as the caps count it.
[[nodiscard]] Money price_so_far(const LeaseStory& story, WallTime now);

// Changes whenever something of the story does, but for time.
[[nodiscard]] std::string version_of(const LeaseStory& story);

// One line: "The job is running. Runner after 48 s on c5.9xlarge, us-east-2a, spot; at most $0.0431
// so far." For a job's summary or a terminal; printable ASCII.
[[nodiscard]] std::string summary_of(const LeaseStory& story, WallTime now);

}  // namespace mayfly::pages
