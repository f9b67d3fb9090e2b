#include "lab/sim/sim_report.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::size_t k_label_columns = 28;
constexpr std::size_t k_number_columns = 14;
// A campaign of that length reaches every situation, or names those that it did not.
constexpr Millis k_situations_within{300'000};

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string row(const std::string& label, const std::string& value) {
  const std::size_t gap = label.size() < k_label_columns ? k_label_columns - label.size() : 1;
  return label + std::string(gap, ' ') + value + "\n";
}

std::string row(const std::string& label, std::uint64_t value) {
  return row(label, std::to_string(value));
}

std::string numbers_first(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, n] : counts) {
    const std::string number = std::to_string(n);
    const std::size_t pad = k_number_columns - std::min(k_number_columns, number.size());
    text += std::string(pad, ' ') + number + "  " + name + "\n";
  }
  return text;
}

std::string counted(std::uint64_t n, std::string_view singular) {
  return std::to_string(n) + " " + plural(static_cast<std::int64_t>(n), singular);
}

std::string share(std::uint64_t part, std::uint64_t of) {
  const double percent = of == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of);
  return std::to_string(part) + " of " + std::to_string(of) + " (" + fixed(percent, 1) + " %)";
}

std::string time_rows(const Totals& totals, const ReportOptions& options) {
  return row("simulated", fixed(years(totals.simulated), 2) + " years; in " +
                              fixed(years(totals.counts.skipped), 2) + " of them nothing existed") +
         row("real time", human_duration(options.elapsed) + " on " +
                              counted(static_cast<std::uint64_t>(options.threads), "thread") +
                              "; " + fixed(totals.years_per_minute(), 1) +
                              " simulated years a minute each");
}

std::string work_rows(const Totals& totals) {
  const Counts& counts = totals.counts;
  return row("workflow runs", counts.runs) + row("leases", totals.leases) +
         row("machines launched", totals.launched) + row("jobs done", counts.jobs_done) +
         row("money spent", human_usd(totals.spent)) + row("requests of callers", counts.requests) +
         row("requests of machines", counts.machine_requests) +
         row("calls to the clouds", counts.calls) + row("sweeps", counts.sweeps) +
         row("launch answers lost", share(counts.ambiguous_launches, counts.launch_calls)) +
         row("deaths of servers", counts.deaths) +
         row("worst overrun", human_duration(counts.worst_overrun)) +
         row("played twice, alike",
             share(totals.repeated - static_cast<std::uint64_t>(std::count_if(
                                         totals.failures.begin(), totals.failures.end(),
                                         [](const Failure& f) { return f.law == k_differs; })),
                   totals.repeated)) +
         row("situations reached", share(totals.situations.count(), k_situations));
}

std::string listed(const std::string& title, const std::vector<std::string_view>& texts) {
  std::string list;
  for (const std::string_view text : texts) list += "  " + std::string(text) + "\n";
  return list.empty() ? list : "\n" + title + ":\n" + list;
}

std::string missing(const Situations& situations) {
  return listed("situations not reached, for which five minutes are enough",
                situations.missing(false)) +
         listed("rare situations not reached", situations.missing(true));
}

json::array as_json(const std::vector<std::string_view>& texts) {
  json::array array;
  for (const std::string_view text : texts) array.emplace_back(text);
  return array;
}

std::string failure_text(const Failure& failure) {
  std::string text = "\nBROKEN: " + failure.law + "\n  " + failure.what + "\n";
  if (failure.violations > 0)
    text += "  at " + iso8601_millis(failure.at) +
            " of the simulation; violations in all: " + std::to_string(failure.violations) + "\n";
  text += "  play it again:   " + failure.command + "\n";
  if (failure.shrunk_command.empty()) return text;
  if (!failure.is_replayed)
    return text + "  the list of its faults does not play it again (" +
           counted(failure.shrunk.size(), "fault") + ")\n";
  return text + "  with " + counted(failure.shrunk.size(), "fault") + " (" +
         counted(static_cast<std::uint64_t>(failure.tries), "simulation") +
         "): " + failure.shrunk_command + "\n";
}

std::string verdict(const Totals& totals, const ReportOptions& options) {
  if (totals.runs == 0) return "\nNothing was simulated.\n";
  if (totals.failed > 0)
    return "\nBROKEN: " + std::to_string(totals.failed) + " of " + std::to_string(totals.runs) +
           " simulations failed\n";
  if (!is_good(totals, options)) return "\nEvery promise held, but situations are missing\n";
  return "\nEvery promise held.\n";
}

json::object object_of(const std::map<std::string, std::uint64_t>& counts) {
  json::object object;
  for (const auto& [name, n] : counts) object[name] = n;
  return object;
}

json::object failure_json(const Failure& failure) {
  json::object object{{"scenario", failure.scenario},
                      {"seed", failure.seed},
                      {"law", failure.law},
                      {"what", failure.what},
                      {"at", iso8601_millis(failure.at)},
                      {"violations", failure.violations},
                      {"command", failure.command}};
  if (failure.shrunk_command.empty()) return object;
  object["tries"] = failure.tries;
  object["replayed_by_list"] = failure.is_replayed;
  object["faults"] = to_string(failure.shrunk);
  object["fault_count"] = failure.shrunk.size();
  object["shrunk_command"] = failure.shrunk_command;
  return object;
}

json::object counts_json(const Totals& totals) {
  const Counts& counts = totals.counts;
  return {{"workflow_runs", counts.runs},
          {"leases", totals.leases},
          {"launched", totals.launched},
          {"jobs_done", counts.jobs_done},
          {"spent_usd_micros", totals.spent.micros},
          {"requests", counts.requests},
          {"machine_requests", counts.machine_requests},
          {"calls", counts.calls},
          {"sweeps", counts.sweeps},
          {"launch_calls", counts.launch_calls},
          {"ambiguous_launches", counts.ambiguous_launches},
          {"deaths", counts.deaths},
          {"worst_overrun_ms", counts.worst_overrun.count()}};
}

}  // namespace

std::string progress_line(const Totals& totals, Millis elapsed) {
  std::string line = human_duration(elapsed) + "  " + counted(totals.runs, "run") + ", " +
                     fixed(years(totals.simulated), 1) + " years (" +
                     fixed(totals.years_per_minute(), 0) + "/min each), " +
                     counted(totals.leases, "lease") + ", " + counted(totals.faults(), "fault") +
                     ", " + std::to_string(totals.failed) + " failed";
  line.resize(std::min<std::size_t>(line.size(), 100));
  return line;
}

std::string report(const Totals& totals, const ReportOptions& options) {
  std::string text = options.title + "\n\n" + row("simulations", totals.runs) +
                     time_rows(totals, options) + work_rows(totals);
  text += "\n" + row("promises checked", totals.checks) + numbers_first(totals.checks_by_law);
  text += "\n" + row("faults injected", totals.faults()) + numbers_first(totals.faults_by_kind);
  if (options.needs_situations || options.elapsed >= k_situations_within)
    text += missing(totals.situations);
  for (const std::string& note : options.notes) text += "\n" + note + "\n";
  for (const Failure& failure : totals.failures) text += failure_text(failure);
  return text + verdict(totals, options);
}

json::object report_json(const Totals& totals, const ReportOptions& options) {
  json::object object = counts_json(totals);
  object["title"] = options.title;
  object["good"] = is_good(totals, options);
  object["runs"] = totals.runs;
  object["runs_by_scenario"] = object_of(totals.runs_by_scenario);
  object["repeated"] = totals.repeated;
  object["failed"] = totals.failed;
  object["simulated_ms"] = totals.simulated.count();
  object["simulated_years"] = years(totals.simulated);
  object["skipped_ms"] = totals.counts.skipped.count();
  object["elapsed_ms"] = options.elapsed.count();
  object["busy_ms"] = totals.busy.count();
  object["threads"] = options.threads;
  object["years_per_minute_per_thread"] = totals.years_per_minute();
  object["checks"] = totals.checks;
  object["checks_by_law"] = object_of(totals.checks_by_law);
  object["faults"] = totals.faults();
  object["faults_by_kind"] = object_of(totals.faults_by_kind);
  object["situations"] = {{"of", k_situations},
                          {"reached", totals.situations.count()},
                          {"missing", as_json(totals.situations.missing(false))},
                          {"missing_rare", as_json(totals.situations.missing(true))}};
  json::array notes;
  for (const std::string& note : options.notes) notes.emplace_back(note);
  object["notes"] = std::move(notes);
  json::array failures;
  for (const Failure& failure : totals.failures) failures.push_back(failure_json(failure));
  object["failures"] = std::move(failures);
  return object;
}

bool is_good(const Totals& totals, const ReportOptions& options) {
  if (totals.runs == 0 || totals.failed > 0) return false;
  return !options.needs_situations || totals.situations.has_all_but_rare();
}

}  // namespace mayfly::lab::sim
