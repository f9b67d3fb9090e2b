#include "report/tables.h"

#include <algorithm>

#include "base/text.h"
#include "report/table.h"

namespace mayfly::report {
namespace {

std::string counted(std::int64_t n, std::string_view what) {
  return std::to_string(n) + " " + plural(n, what);
}

void add_percentiles(Table& table, const std::string& name, const Percentiles& of) {
  if (of.count == 0) return;
  table.add({"  " + name, std::to_string(of.count), human_duration(of.p50), human_duration(of.p90),
             human_duration(of.p99), human_duration(of.longest)});
}

std::vector<std::string> cells_of(const CostRow& row) {
  return {row.what,
          std::to_string(row.leases),
          std::to_string(row.machines) + (row.running > 0 ? "*" : ""),
          std::to_string(row.jobs),
          human_usd(row.spent),
          human_usd(row.spot()),
          human_usd(row.on_demand),
          human_duration(row.machine_time),
          row.machine_time.count() > 0 ? std::to_string(row.idle_percent()) + " %" : "-"};
}

std::string heading_of(CostBy by) {
  std::string heading(to_string(by));
  std::transform(heading.begin(), heading.end(), heading.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return heading;
}

}  // namespace

std::string times_table(const std::vector<TimesRow>& rows) {
  std::string out;
  for (const TimesRow& row : rows) {
    out += std::string(to_string(row.architecture)) + " " +
           (row.image.empty() ? "(image unknown)" : printable(row.image, 40)) + ": " +
           counted(row.leases, "lease");
    if (row.no_runner > 0) out += ", " + std::to_string(row.no_runner) + " without a runner";
    out += "\n";
    Table table({"  STAGE", "COUNT", "P50", "P90", "P99", "LONGEST"});
    for (const Stage stage : k_stages) {
      const auto found = row.stages.find(stage);
      if (found != row.stages.end())
        add_percentiles(table, std::string(to_string(stage)), found->second);
    }
    add_percentiles(table, "= runner online", row.runner);
    add_percentiles(table, "= job began", row.job);
    out += table.text();
  }
  return out;
}

std::string costs_table(CostBy by, const std::vector<CostRow>& rows, const CostRow& total) {
  Table table({heading_of(by), "LEASES", "MACHINES", "JOBS", "AT MOST", "SPOT", "ON-DEMAND",
               "MACHINE TIME", "IDLE"});
  for (const CostRow& row : rows) table.add(cells_of(row));
  CostRow sum = total;
  sum.what = "total";
  table.add(cells_of(sum));
  return table.text();
}

std::string journey_picture(const Journey& journey, int width) {
  if (journey.stages.empty()) return {};
  const std::int64_t whole = std::max<std::int64_t>(1, journey.stages.back().to / Millis{1});
  const auto column = [&](Millis t) { return static_cast<int>(t / Millis{1} * width / whole); };
  Table table({"STAGE", "TOOK", "", ""});
  for (const StageTime& stage : journey.stages) {
    const int from = std::min(column(stage.from), width - 1);
    const int to = std::clamp(column(stage.to), from + 1, width);
    const std::string bar = std::string(static_cast<std::size_t>(from), ' ') +
                            std::string(static_cast<std::size_t>(to - from), '#') +
                            std::string(static_cast<std::size_t>(width - to), ' ');
    table.add({std::string(to_string(stage.stage)),
               human_duration(stage.took()) + (stage.is_exact ? "" : "?"), "|" + bar + "|",
               std::string(describe(stage.stage))});
  }
  return table.text();
}

}  // namespace mayfly::report
