#include "ledger/launch_rows.h"

namespace mayfly {
namespace {

using sqlite::Database;
using sqlite::Statement;

Result<LaunchOutcome> read_outcome(const std::string& verdict, const std::string& cause) {
  const auto known = parse_verdict(verdict);
  if (!known) return fail(Code::ledger_unavailable, "a launch has the verdict " + verdict);
  // One that a newer mayfly knows is a cause of its own all the same.
  return LaunchOutcome{*known, code_named(cause).value_or(Code::internal)};
}

}  // namespace

Status insert_launch(Database& database, const Lease& lease, WallTime now) {
  Statement statement(database, "INSERT INTO launch (lease_id, number, at) VALUES (?,?,?)");
  return statement.bind(lease.id.text)
      .bind(std::int64_t{lease.launch.number})
      .bind(epoch_millis(now))
      .run();
}

// The number may have moved on since: the on-demand try belongs to the same launch.
Status settle_launch(Database& database, const Lease& lease) {
  const auto outcome = outcome_of_launch(lease);
  if (!outcome) return {};
  const bool is_failure = outcome->verdict == Verdict::failed;
  Statement statement(database,
                      "UPDATE launch SET verdict = ?1, cause = ?2, settled_at = ?3"
                      " WHERE lease_id = ?4 AND verdict = '' AND number ="
                      " (SELECT max(number) FROM launch WHERE lease_id = ?4)");
  return statement.bind(to_string(outcome->verdict))
      .bind(is_failure ? info(outcome->cause).name : std::string_view{})
      .bind(epoch_millis(lease.state_since))
      .bind(lease.id.text)
      .run();
}

// What a calendar that ran ahead has written is not believed before its time.
Result<std::optional<LaunchPause>> read_pause(Database& database, const Caps& caps, WallTime now) {
  Statement query(database,
                  "SELECT verdict, cause, settled_at FROM launch"
                  " WHERE verdict IN ('came-up', 'failed') AND settled_at <= ?"
                  " ORDER BY settled_at DESC, rowid DESC LIMIT ?");
  query.bind(epoch_millis(now)).bind(std::int64_t{caps.launch_failures_max});
  std::vector<SettledLaunch> newest_first;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) break;
    TRY_ASSIGN(const LaunchOutcome outcome, read_outcome(query.text(0), query.text(1)));
    newest_first.push_back({wall_from_epoch_millis(query.number(2)), outcome});
  }
  return find_pause(newest_first, caps.launch_failures_max, caps.launch_pause, now);
}

Result<LaunchUsage> read_launches(Database& database, const Caps& caps, WallTime now) {
  LaunchUsage usage;
  TRY_ASSIGN(usage.pause, read_pause(database, caps, now));
  Statement query(database,
                  "SELECT at FROM launch WHERE at > ? AND at < ? AND verdict <> 'no-machine'"
                  " ORDER BY at");
  query.bind(epoch_millis(now - k_launch_window)).bind(epoch_millis(now + k_launch_window));
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return usage;
    usage.of_hour.push_back(wall_from_epoch_millis(query.number(0)));
  }
}

}  // namespace mayfly
