#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/process.h"
#include "cli/terminal.h"
#include "report/monthly.h"
#include "report/report_json.h"
#include "report/tables.h"

namespace mayfly::cli {
namespace {

using report::CostBy;
using report::MonthlyReport;

void print_json(const MonthlyReport& report, CostBy by, bool with_times) {
  json::object out;
  out["month"] = report::month_name(report.window);
  out["by"] = std::string(report::to_string(by));
  out["is_cut"] = report.is_cut;
  out["total"] =
      report::cost_json(report::total_costs(report.histories, report.window, report.now));
  out["rows"] =
      report::costs_json(report::costs_of(report.histories, by, report.window, report.now));
  if (with_times) out["times"] = report::times_json(times_of(report.histories, report.window));
  std::printf("%s\n", json::serialize(out).c_str());
}

void print_tables(const MonthlyReport& report, CostBy by, bool with_times) {
  const auto total = report::total_costs(report.histories, report.window, report.now);
  if (with_times) {
    const auto times = times_of(report.histories, report.window);
    if (times.empty()) std::fputs("no leases in that month\n", stderr);
    std::fputs(report::times_table(times).c_str(), stdout);
    return;
  }
  const auto rows = report::costs_of(report.histories, by, report.window, report.now);
  std::fputs(report::costs_table(by, rows, total).c_str(), stdout);
  std::fputs("Money is an upper bound, at on-demand prices, of machines launched in the month.\n",
             stderr);
  if (total.running > 0) std::fputs("* of them some still run, and count until now.\n", stderr);
}

Result<int> run(const CommonOptions& options, const CostsAsk& ask) {
  Process process;
  const WallTime now = process.clock.wall();
  report::Window window = report::month_of(now);
  if (!ask.month.empty()) window = *report::parse_month(ask.month);
  const CostBy by = *report::parse_cost_by(ask.by);
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  const auto progress = [](std::size_t read, std::size_t of) {
    show_progress("reading leases", read, of);
  };
  auto read = report::read_histories(*ledger, window, report::k_leases_read_max, progress);
  clear_progress();
  TRY_ASSIGN(const report::Histories histories, std::move(read));
  const MonthlyReport monthly{config.deployment, window, now, histories.is_cut, histories.all};
  if (ask.markdown)
    std::fputs(report::markdown_of(monthly).c_str(), stdout);
  else if (ask.csv)
    std::fputs(report::csv_of(monthly, {by}).c_str(), stdout);
  else if (options.json)
    print_json(monthly, by, ask.times);
  else
    print_tables(monthly, by, ask.times);
  if (!histories.is_cut) return 0;
  std::fprintf(stderr, "mayfly: more than %d leases: the oldest of the month are left out\n",
               report::k_leases_read_max);
  return 1;
}

}  // namespace

int costs(const CommonOptions& options, const CostsAsk& ask) {
  const auto status = run(options, ask);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
