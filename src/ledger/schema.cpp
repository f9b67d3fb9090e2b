#include "ledger/schema.h"

#include <array>

namespace mayfly {
namespace {

// Times are milliseconds since 1970; money is micro-dollars; booleans are 0 and 1; labels is a JSON
// array. Entry n brings a file from version n to n + 1. Entries are never edited, only added.
constexpr std::array k_migrations = {
    R"sql(
CREATE TABLE lease (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  repository TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  run_attempt INTEGER NOT NULL,
  architecture TEXT NOT NULL,
  idx INTEGER NOT NULL,
  label TEXT NOT NULL,
  labels TEXT NOT NULL,
  source TEXT NOT NULL,
  actor TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state_since INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  launch_number INTEGER NOT NULL,
  boots INTEGER NOT NULL,
  client_token TEXT NOT NULL,
  launch_request TEXT NOT NULL,
  launch_pending INTEGER NOT NULL,
  launch_intended_at INTEGER NOT NULL,
  on_demand INTEGER NOT NULL,
  instance_id TEXT NOT NULL,
  instance_type TEXT NOT NULL,
  zone TEXT NOT NULL,
  usd_micros_per_hour INTEGER NOT NULL,
  nonce_sha256 TEXT NOT NULL,
  next_launch_at INTEGER,
  give_up_at INTEGER,
  reserved_micros INTEGER NOT NULL,
  claim_key_sha256 TEXT NOT NULL,
  runner_name TEXT NOT NULL,
  runner_id INTEGER,
  metadata_off INTEGER NOT NULL,
  job_seen INTEGER NOT NULL,
  release_asked INTEGER NOT NULL,
  run_confirmed INTEGER NOT NULL,
  runner_missing_since INTEGER,
  runner_removed INTEGER NOT NULL,
  machine_ended INTEGER NOT NULL
) STRICT;
CREATE INDEX lease_live ON lease(created_at) WHERE state <> 'gone';
CREATE INDEX lease_label ON lease(repository, label);
CREATE INDEX lease_created ON lease(created_at);
CREATE INDEX lease_seed_run
  ON lease(repository, run_id, run_attempt, architecture) WHERE source = 'seed';

CREATE TABLE event (
  lease_id TEXT NOT NULL REFERENCES lease(id),
  at INTEGER NOT NULL,
  name TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_lease ON event(lease_id);

CREATE TABLE machine (
  instance_id TEXT PRIMARY KEY,
  lease_id TEXT NOT NULL REFERENCES lease(id),
  instance_type TEXT NOT NULL,
  zone TEXT NOT NULL,
  on_demand INTEGER NOT NULL,
  usd_micros_per_hour INTEGER NOT NULL,
  launched_at INTEGER NOT NULL,
  ended_at INTEGER,
  spent_micros INTEGER NOT NULL
) STRICT;
CREATE INDEX machine_lease ON machine(lease_id);
CREATE INDEX machine_launched ON machine(launched_at);

CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
)sql",
    "ALTER TABLE lease ADD COLUMN machine_missing_since INTEGER;",
    "ALTER TABLE lease ADD COLUMN head TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE lease ADD COLUMN job_confirmed INTEGER NOT NULL DEFAULT 0;",
    // One row per launch that was let through; number is the lease's at its first intent. verdict
    // and cause are of lease/breaker.h, empty while it is open.
    R"sql(
CREATE TABLE launch (
  lease_id TEXT NOT NULL REFERENCES lease(id),
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  verdict TEXT NOT NULL DEFAULT '',
  cause TEXT NOT NULL DEFAULT '',
  settled_at INTEGER,
  PRIMARY KEY (lease_id, number)
) STRICT;
CREATE INDEX launch_at ON launch(at);
CREATE INDEX launch_told ON launch(settled_at) WHERE verdict IN ('came-up', 'failed');
INSERT INTO launch (lease_id, number, at)
  SELECT id, launch_number, launch_intended_at FROM lease WHERE launch_number > 0;
CREATE INDEX machine_ended ON machine(ended_at);
DROP INDEX machine_launched;
)sql",
    "ALTER TABLE lease ADD COLUMN subnet TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE lease ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE lease ADD COLUMN batch TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE lease ADD COLUMN batch_place INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE lease ADD COLUMN batch_size INTEGER NOT NULL DEFAULT 1;",
    // What pages, metrics and every reservation ask, without a look at the rows of old leases.
    R"sql(
CREATE INDEX lease_newest ON lease(created_at DESC, id);
DROP INDEX lease_created;
CREATE INDEX lease_runner_left ON lease(id) WHERE runner_name <> '' AND runner_removed = 0;
CREATE INDEX machine_spent ON machine(ended_at, spent_micros);
DROP INDEX machine_ended;
)sql",
};

Result<int> stored_version(sqlite::Database& database) {
  sqlite::Statement query(database, "PRAGMA user_version");
  TRY_ASSIGN(const bool row, query.step());
  MAYFLY_CHECK(row);
  return static_cast<int>(query.number(0));
}

Status step_from(sqlite::Database& database, int version) {
  TRY_ASSIGN(auto transaction, sqlite::Transaction::begin(database));
  TRY_ASSIGN(const int stored, stored_version(database));
  if (stored != version) return {};  // another process was faster
  TRY(database.execute(k_migrations[static_cast<std::size_t>(version)]));
  TRY(database.execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str()));
  return transaction.commit();
}

}  // namespace

int schema_version() { return static_cast<int>(k_migrations.size()); }

Status migrate(sqlite::Database& database) {
  for (;;) {
    TRY_ASSIGN(const int version, stored_version(database));
    if (version == schema_version()) return {};
    if (version > schema_version() || version < 0)
      return fail(Code::ledger_version, "the ledger has schema version " + std::to_string(version) +
                                            ", this mayfly knows " +
                                            std::to_string(schema_version()));
    TRY(step_from(database, version));
  }
}

}  // namespace mayfly
