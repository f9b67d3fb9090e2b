#include "report/monthly.h"

#include <array>

#include "base/text.h"

namespace mayfly::report {
namespace {

constexpr std::array k_all = {CostBy::repository, CostBy::workflow,     CostBy::pull_request,
                              CostBy::actor,      CostBy::architecture, CostBy::market};

// A code span: nothing in it is read as Markdown but '|' in a table, and no '`' can end it.
std::string in_code(const std::string& foreign) {
  std::string out = "`";
  for (const char c : printable(foreign)) {
    if (c == '|') out += '\\';
    out += c == '`' ? '\'' : c;
  }
  return out + "`";
}

std::string markdown_row(const CostRow& row, const std::string& name) {
  return "| " + name + " | " + std::to_string(row.leases) + " | " + std::to_string(row.machines) +
         " | " + std::to_string(row.jobs) + " | " + human_usd(row.spent) + " | " +
         human_usd(row.spot()) + " | " + human_usd(row.on_demand) + " | " +
         human_duration(row.machine_time) + " | " + std::to_string(row.idle_percent()) + " % |\n";
}

std::string markdown_times(const std::vector<TimesRow>& rows) {
  std::string out =
      "| architecture | image | leases | without a runner | p50 | p90 | p99 |\n"
      "|---|---|---:|---:|---:|---:|---:|\n";
  for (const TimesRow& row : rows)
    out += "| " + std::string(to_string(row.architecture)) + " | " +
           (row.image.empty() ? "unknown" : in_code(row.image)) + " | " +
           std::to_string(row.leases) + " | " + std::to_string(row.no_runner) + " | " +
           human_duration(row.runner.p50) + " | " + human_duration(row.runner.p90) + " | " +
           human_duration(row.runner.p99) + " |\n";
  return out;
}

std::string csv_field(const std::string& text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos)
    out += '\'';
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_row(std::string_view by, const CostRow& row) {
  std::string out = std::string(by) + "," + csv_field(row.what);
  for (const std::int64_t n : {row.leases, row.machines, row.running, row.jobs})
    out += "," + std::to_string(n);
  for (const Money money : {row.spent, row.spot(), row.on_demand}) out += "," + exact_usd(money);
  out += "," + std::to_string(row.machine_time / Seconds{1}) + "," +
         std::to_string(row.job_time / Seconds{1});
  return out + "\r\n";
}

}  // namespace

std::string month_name(const Window& window) { return iso8601(window.from).substr(0, 7); }

std::string exact_usd(Money money) {
  std::string micros = std::to_string(money.micros < 0 ? -money.micros : money.micros);
  if (micros.size() < 7) micros.insert(0, 7 - micros.size(), '0');
  return (money.micros < 0 ? "-" : "") + micros.substr(0, micros.size() - 6) + "." +
         micros.substr(micros.size() - 6);
}

std::string markdown_of(const MonthlyReport& report) {
  const CostRow total = total_costs(report.histories, report.window, report.now);
  std::string out =
      "# Runners of " + in_code(report.deployment) + ", " + month_name(report.window) + "\n\n";
  out += std::to_string(total.machines) + " " + plural(total.machines, "machine") + " for " +
         std::to_string(total.leases) + " " + plural(total.leases, "lease") + " cost at most " +
         human_usd(total.spent) + ", of it " + human_usd(total.on_demand) + " on-demand; " +
         std::to_string(total.idle_percent()) + " % of their time was without a job.\n" +
         "Money is an upper bound, at on-demand prices, of machines launched in the month (UTC).\n";
  if (total.running > 0)
    out += std::to_string(total.running) + " of them still " +
           (total.running == 1 ? "runs" : "run") + ", and " +
           (total.running == 1 ? "counts" : "count") + " until " + iso8601(report.now) + ".\n";
  if (report.is_cut) out += "**The oldest leases of the month were too many to be read.**\n";
  for (const CostBy by : k_all) {
    out += "\n## By " + std::string(to_string(by)) +
           "\n\n| what | leases | machines | jobs | at most | spot | on-demand | machine time | "
           "idle |\n"
           "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (const CostRow& row : costs_of(report.histories, by, report.window, report.now))
      out += markdown_row(row, in_code(row.what));
    out += markdown_row(total, "total");
  }
  const auto times = times_of(report.histories, report.window);
  return out + "\n## Time until a runner was online\n\n" + markdown_times(times);
}

std::string csv_of(const MonthlyReport& report, const std::vector<CostBy>& by) {
  std::string out =
      "by,what,leases,machines,running,jobs,spent_usd_at_most,spot_usd,on_demand_usd,"
      "machine_seconds,job_seconds\r\n";
  for (const CostBy one : by)
    for (const CostRow& row : costs_of(report.histories, one, report.window, report.now))
      out += csv_row(to_string(one), row);
  return out + csv_row("total", total_costs(report.histories, report.window, report.now));
}

}  // namespace mayfly::report
