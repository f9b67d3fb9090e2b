#pragma once

// What the caps are held against, as one transaction reads it.

#include "lease/admission.h"
#include "lease/lease.h"
#include "ledger/sqlite.h"

namespace mayfly {

// for_lease: whose run, repository, actor and head are counted.
[[nodiscard]] Result<Usage> read_usage(sqlite::Database& database, const Lease& for_lease,
                                       const Caps& caps, WallTime now);

}  // namespace mayfly
