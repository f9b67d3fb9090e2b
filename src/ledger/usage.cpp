#include "ledger/usage.h"

#include "ledger/launch_rows.h"

namespace mayfly {
namespace {

using sqlite::Database;
using sqlite::Statement;

// The whole cost of every machine that lived at some time since then.
Result<Money> spent_since(Database& database, WallTime since) {
  Statement query(database,
                  "SELECT (SELECT coalesce(sum(spent_micros), 0) FROM machine WHERE ended_at >= ?)"
                  " + (SELECT coalesce(sum(spent_micros), 0) FROM machine WHERE ended_at IS NULL)");
  query.bind(epoch_millis(since));
  TRY_ASSIGN(const bool row, query.step());
  MAYFLY_CHECK(row);
  return Money{query.number(0)};
}

Result<std::map<Architecture, int>> machines_of_run(Database& database, const Lease& lease) {
  Statement query(database,
                  "SELECT architecture, count(*) FROM lease WHERE state <> 'gone' AND"
                  " machine_ended = 0 AND repository = ? AND run_id = ? AND run_attempt = ?"
                  " GROUP BY architecture");
  query.bind(lease.repository.text).bind(lease.run_id).bind(std::int64_t{lease.run_attempt});
  std::map<Architecture, int> counts;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return counts;
    const auto architecture = parse_architecture(query.text(0));
    if (!architecture) return fail(Code::ledger_unavailable, "ledger: no such architecture");
    counts[*architecture] = static_cast<int>(query.number(1));
  }
}

}  // namespace

Result<Usage> read_usage(Database& database, const Lease& for_lease, const Caps& caps,
                         WallTime now) {
  Statement query(database,
                  "SELECT count(*), coalesce(sum(repository = ?1), 0),"
                  " coalesce(sum(reserved_micros), 0), coalesce(sum(actor = ?2), 0),"
                  " coalesce(sum(head = ?3), 0), coalesce(sum(source = 'seed'), 0)"
                  " FROM lease WHERE state <> 'gone' AND machine_ended = 0");
  query.bind(for_lease.repository.text).bind(for_lease.actor).bind(for_lease.head);
  TRY_ASSIGN(const bool row, query.step());
  MAYFLY_CHECK(row);
  Usage usage;
  usage.machines = static_cast<int>(query.number(0));
  usage.machines_of_repository = static_cast<int>(query.number(1));
  usage.reserved = Money{query.number(2)};
  usage.machines_of_actor = static_cast<int>(query.number(3));
  usage.machines_of_head = static_cast<int>(query.number(4));
  usage.machines_for_seed_labels = static_cast<int>(query.number(5));
  TRY_ASSIGN(usage.machines_of_run, machines_of_run(database, for_lease));
  TRY_ASSIGN(usage.spent_today, spent_since(database, start_of_day(now)));
  TRY_ASSIGN(usage.spent_this_month, spent_since(database, start_of_month(now)));
  TRY_ASSIGN(usage.launches, read_launches(database, caps, now));
  return usage;
}

}  // namespace mayfly
