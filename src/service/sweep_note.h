#pragma once

// What the last sweep saw, as one fact of the ledger: for where whoever shows it is another process
// than the one that swept, as on Lambda. Errors: those of the ledger.

#include <optional>
#include <string>
#include <string_view>

#include "github/client.h"
#include "ledger/ledger.h"
#include "service/sweeper.h"

namespace mayfly {

struct SweepNote {
  WallTime at{};             // its end
  SweepReport report;        // of a read note: instances and problems, these cut short
  github::RateLimit github;  // of a read note: limit, remaining and resets_at

  // JSON. What cannot be read is none.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static std::optional<SweepNote> from_text(std::string_view text);
};

[[nodiscard]] Status write_sweep_note(Ledger& ledger, const SweepNote& note);
[[nodiscard]] Result<std::optional<SweepNote>> read_sweep_note(Ledger& ledger);

}  // namespace mayfly
