#pragma once

// A lease as a row: the one place that knows the order of the columns.

#include <string>
#include <vector>

#include "lease/lease.h"
#include "ledger/sqlite.h"

namespace mayfly {

// "SELECT <columns> FROM lease " to be continued with WHERE and ORDER.
[[nodiscard]] std::string select_lease(const std::string& rest);
// Reads the row that the statement stands on. A value that no mayfly writes is ledger_unavailable.
[[nodiscard]] Result<Lease> read_lease(const sqlite::Statement& row);
// Steps through all rows.
[[nodiscard]] Result<std::vector<Lease>> read_leases(sqlite::Statement& query);

[[nodiscard]] Status insert_lease(sqlite::Database& database, const Lease& lease);
// Writes it with version + 1 if the stored version is lease.version; false if it is not.
[[nodiscard]] Result<bool> replace_lease(sqlite::Database& database, const Lease& lease);

}  // namespace mayfly
