#pragma once

// The launches as rows: when each was let through and what became of it. Within the caller's
// transaction.

#include <optional>

#include "lease/admission.h"
#include "lease/breaker.h"
#include "lease/lease.h"
#include "ledger/sqlite.h"

namespace mayfly {

[[nodiscard]] Status insert_launch(sqlite::Database& database, const Lease& lease, WallTime now);
// Notes what the lease says of its newest launch, if that is open still.
[[nodiscard]] Status settle_launch(sqlite::Database& database, const Lease& lease);

[[nodiscard]] Result<std::optional<LaunchPause>> read_pause(sqlite::Database& database,
                                                            const Caps& caps, WallTime now);
[[nodiscard]] Result<LaunchUsage> read_launches(sqlite::Database& database, const Caps& caps,
                                                WallTime now);

}  // namespace mayfly
