#include "ledger/usage.h"

#include "ledger/launch_rows.h"

namespace mayfly {
namespace {

using sqlite::Database;
using sqlite::Statement;

// The whole cost of every machine that lived at some time since then.
Result<Money> spent_since(Database& database, WallTime since) {
  Statement query(database,
                  "SELECT coalesce(sum(spent_micros), 0) FROM machine"
                  " WHERE ended_at >= ? OR ended_at IS NULL");
  query.bind(epoch_millis(since));
  TRY_ASSIGN(const bool row, query.step());
  MAYFLY_CHECK(row);
  return Money{query.number(0)};
}

}  // namespace

Result<Usage> read_usage(Database& database, const Lease& for_lease, const Caps& caps,
                         WallTime now) {
  Statement query(database,
                  "SELECT count(*), coalesce(sum(repository = ?1), 0),"
                  " coalesce(sum(repository = ?1 AND run_id = ?2 AND run_attempt = ?3), 0),"
                  " coalesce(sum(reserved_micros), 0), coalesce(sum(actor = ?4), 0),"
                  " coalesce(sum(head = ?5), 0), coalesce(sum(source = 'seed'), 0)"
                  " FROM lease WHERE state <> 'gone' AND machine_ended = 0");
  query.bind(for_lease.repository.text)
      .bind(for_lease.run_id)
      .bind(std::int64_t{for_lease.run_attempt})
      .bind(for_lease.actor)
      .bind(for_lease.head);
  TRY_ASSIGN(const bool row, query.step());
  MAYFLY_CHECK(row);
  Usage usage;
  usage.machines = static_cast<int>(query.number(0));
  usage.machines_of_repository = static_cast<int>(query.number(1));
  usage.machines_of_run = static_cast<int>(query.number(2));
  usage.reserved = Money{query.number(3)};
  usage.machines_of_actor = static_cast<int>(query.number(4));
  usage.machines_of_head = static_cast<int>(query.number(5));
  usage.machines_for_seed_labels = static_cast<int>(query.number(6));
  TRY_ASSIGN(usage.spent_today, spent_since(database, start_of_day(now)));
  TRY_ASSIGN(usage.spent_this_month, spent_since(database, start_of_month(now)));
  TRY_ASSIGN(usage.launches, read_launches(database, caps, now));
  return usage;
}

}  // namespace mayfly
