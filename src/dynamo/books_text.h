#pragma once

// The books as JSON, short: an item of DynamoDB may have 400 KB, and every KB of it is paid for at
// every write. Reading is strict: text that is not exactly what is written here is
// ledger_unavailable, and books of a newer mayfly are ledger_version.

#include <string>
#include <string_view>

#include "base/result.h"
#include "dynamo/books.h"

namespace mayfly::dynamo {

[[nodiscard]] std::string to_text(const Books& books);
[[nodiscard]] Result<Books> parse_books(std::string_view text);

}  // namespace mayfly::dynamo
