#pragma once

// What `mayfly simulate` says: a line of progress, a table at the end, or the same as JSON. Pure.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "lab/sim/totals.h"

namespace mayfly::lab::sim {

struct ReportOptions {
  std::string title;
  int threads = 1;
  Millis elapsed{0};
  std::vector<std::string> notes = {};  // lines below the table
  bool needs_situations = false;        // a missing one that is not rare is a failure
};

// At most 100 columns, no newline.
[[nodiscard]] std::string progress_line(const Totals& totals, Millis elapsed);
[[nodiscard]] std::string report(const Totals& totals, const ReportOptions& options);
[[nodiscard]] json::object report_json(const Totals& totals, const ReportOptions& options);
// Nothing failed, and nothing that was needed is missing; at least one simulation was played.
[[nodiscard]] bool is_good(const Totals& totals, const ReportOptions& options);

}  // namespace mayfly::lab::sim
