#pragma once

// The books of a DynamoDB ledger: what the caps are decided on, small enough for one item, so that
// one conditional write keeps every cap (docs/adr/0015). A line for each lease that counts or whose
// runner is left, the launches that are open, counted or told, the money of machines, and totals.
// Pure: the ledger reads, changes a copy, and writes it back if nobody else did meanwhile.
//
// Repository, actor and head are kept as digests of 72 bits: they are only compared.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lease/admission.h"
#include "lease/breaker.h"
#include "lease/lease.h"
#include "ledger/ledger.h"

namespace mayfly::dynamo {

struct Line {
  LeaseId id;
  std::string repository;
  RunId run_id = 0;
  int run_attempt = 1;
  Architecture architecture = Architecture::x86_64;
  Source source = Source::v1;
  std::string actor;
  std::string head;
  Money reserved;
  bool is_live = false;      // not gone
  bool counts = false;       // live, and its machine is not confirmed ended
  bool runner_left = false;  // its runner is not confirmed off GitHub

  friend bool operator==(const Line&, const Line&) = default;
};

struct OpenLaunch {
  LeaseId lease;
  WallTime at{};

  friend bool operator==(const OpenLaunch&, const OpenLaunch&) = default;
};

struct ToldLaunch {  // one that came up or failed
  WallTime at{};     // when that was known
  Verdict verdict = Verdict::came_up;
  Code cause = Code::internal;

  friend bool operator==(const ToldLaunch&, const ToldLaunch&) = default;
};

struct Books {
  std::vector<Line> lines;
  std::vector<OpenLaunch> open;         // no outcome yet; at most one for each lease
  std::vector<WallTime> counted;        // the others of about an hour, but those without capacity
  std::vector<ToldLaunch> told;         // in the order of telling
  std::map<InstanceId, Money> running;  // machines not ended: what they cost so far
  std::map<WallTime, Money> ended;      // by midnight of the day: what those cost that ended in it
  std::int64_t leases_ever = 0;
  std::int64_t machines_ever = 0;
  std::int64_t machines_ended = 0;
  Money spent_ever;

  friend bool operator==(const Books&, const Books&) = default;
};

[[nodiscard]] Line line_of(const Lease& lease);
[[nodiscard]] const Line* find_line(const Books& books, const LeaseId& id);
// Writes, changes or removes the lease's line.
void enter(Books& books, const Lease& lease);

// Before and after an update of one machine's record; none: the machine is new.
void enter_machine(Books& books, const std::optional<MachineRecord>& before,
                   const MachineRecord& after);

// An intent. One of the lease that is still open is closed, without an outcome.
void open_launch(Books& books, const LeaseId& lease, WallTime now);
// What the lease says of its open launch, if it has one and says something.
void settle_launch(Books& books, const Lease& lease);
// Forgets launches that no limit looks at any more.
void forget_launches(Books& books, const Caps& caps, WallTime now);

[[nodiscard]] std::optional<LaunchPause> pause_of(const Books& books, const Caps& caps,
                                                  WallTime now);
[[nodiscard]] LaunchUsage launches_of(const Books& books, const Caps& caps, WallTime now);
// As it is for the repository, run, actor and head of this lease.
[[nodiscard]] Usage usage_of(const Books& books, const Lease& for_lease, const Caps& caps,
                             WallTime now);
[[nodiscard]] Audit audit_of(const Books& books);

}  // namespace mayfly::dynamo
