#pragma once

// The SQLite schema, its version and the way from each older version to the present one.

#include "base/result.h"
#include "ledger/sqlite.h"

namespace mayfly {

// One more than the last migration's number. Stored as PRAGMA user_version.
[[nodiscard]] int schema_version();

// Brings a file of any older version, or an empty one, to the present version, one transaction per
// step. Code::ledger_version when the file is newer than this program.
[[nodiscard]] Status migrate(sqlite::Database& database);

}  // namespace mayfly
