// How it went of late: times to a runner, outcomes, pools.

#include <algorithm>
#include <map>

#include "base/text.h"
#include "pages/bars.h"
#include "pages/dashboard_parts.h"
#include "pages/usuals.h"
#include "pages/words.h"
#include "report/times.h"

namespace mayfly::pages {
namespace {

using report::RecentTimes;
using report::RunnerTime;

std::string words_for(report::Stage stage) {
  const auto kind = kind_of(stage);
  return kind ? pages::words_for(*kind) : "Launches that gave no runner";
}

void write_percentiles(Html& html, const std::string& name, const std::string& href,
                       std::vector<Millis> values) {
  if (values.empty()) return;
  const auto all = report::percentiles_of(std::move(values));
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    if (href.empty())
      html.text(name);
    else
      html.put("a", {{"href", href}}, name);
  }
  for (const Millis took : {all.p50, all.p90, all.p99})
    html.put("td", {{"class", "number"}}, spoken(took));
}

// Interruptions of any launch: the outcome tells of those during the job alone.
std::int64_t interrupted_among(std::span<const Lease> leases) {
  return std::ranges::count_if(leases, [](const Lease& one) { return one.interruptions > 0; });
}

void write_refusals(Html& html, const std::map<Code, std::int64_t>& refused) {
  if (refused.empty()) return;
  html.put("h3", "Launches that were refused, by reason");
  std::vector<Count> counts;
  for (const auto& [code, count] : refused) {
    LeaseFilter filter;
    filter.code = info(code).name;
    counts.push_back({std::string(info(code).title), leases_by(filter), count});
  }
  write_counts(html, "Reason", "Leases", std::move(counts));
}

struct Figures {
  std::int64_t leases = 0;
  std::int64_t interrupted = 0;
  std::int64_t boot_failed = 0;
};

void write_figure(Html& html, std::int64_t figure, const LeaseFilter& filter) {
  const auto place = html.in("td", {{"class", "number"}});
  if (figure == 0)
    html.text("0");
  else
    html.put("a", {{"href", leases_by(filter)}}, std::to_string(figure));
}

void write_pool(Html& html, const std::string& type, const std::string& zone,
                const Figures& figures) {
  const auto row = html.in("tr");
  LeaseFilter filter;
  filter.instance_type = type;
  filter.zone = zone;
  html.put("th", {{"scope", "row"}}, type + ", " + zone);
  write_figure(html, figures.leases, filter);
  filter.only = "interrupted";
  write_figure(html, figures.interrupted, filter);
  filter.only.clear();
  filter.outcome = mayfly::to_string(Outcome::boot_failed);
  write_figure(html, figures.boot_failed, filter);
}

std::string health_of(const PoolRecord& record, WallTime now) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (now < record.exhausted_until)
    add("had nothing " + std::to_string(record.exhausted) + " " + plural(record.exhausted, "time") +
        " in a row: left out for " + spoken(record.exhausted_until - now));
  if (now < record.interrupted_until)
    add("EC2 takes machines back: left out for " + spoken(record.interrupted_until - now));
  else if (!record.interruptions.empty())
    add(std::to_string(record.interruptions.size()) + " of its machines taken back of late");
  return text.empty() ? "good again" : text;
}

void write_health(Html& html, const Pool& pool, const PoolRecord& record, WallTime now) {
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    LeaseFilter filter;
    filter.instance_type = pool.instance_type;
    html.put("a", {{"href", leases_by(filter)}}, pool.instance_type);
    html.text(", " + pool.subnet + (pool.on_demand ? ", on-demand" : ", spot"));
  }
  html.put("td", health_of(record, now));
}

void write_runner(Html& html, const RunnerTime& time, WallTime now) {
  const auto row = html.in("tr");
  {
    const auto head = html.in("th", {{"scope", "row"}});
    html.put("a", {{"href", "leases/" + time.lease.text}}, time.lease.text);
  }
  html.put("td", std::string(mayfly::to_string(time.architecture)));
  {
    const auto at = html.in("td");
    html.put("time", {{"datetime", iso8601(time.online_at)}}, spoken(time.online_at, now));
  }
  html.put("td", {{"class", "number"}}, spoken(time.runner));
  for (const report::Stage stage : report::k_runner_stages) {
    const auto found = time.stages.find(stage);
    html.put("td", {{"class", "number"}}, found == time.stages.end() ? "" : spoken(found->second));
  }
}

}  // namespace

std::string leases_by(const LeaseFilter& filter) {
  const std::string query = filter.query();
  return "leases" + (query.empty() ? "" : "?" + query);
}

void write_heading(Html& html, const std::string& id, const std::string& text) {
  html.put("h2", {{"id", id}}, text);
}

void write_number_head(Html& html, const std::string& first,
                       const std::vector<std::string>& columns) {
  const auto head = html.in("thead");
  const auto row = html.in("tr");
  html.put("th", {{"scope", "col"}}, first);
  for (const std::string& column : columns)
    html.put("th", {{"scope", "col"}, {"class", "number"}}, column);
}

void write_counts(Html& html, const std::string& what, const std::string& unit,
                  std::vector<Count> counts) {
  std::ranges::stable_sort(counts, std::greater{}, &Count::count);
  std::int64_t whole = 0;
  for (const Count& one : counts) whole += one.count;
  const auto table = html.in("table");
  write_row_head(html, what, unit);
  const auto body = html.in("tbody");
  for (const Count& one : counts)
    write_row(html, {one.name, one.href, std::to_string(one.count), static_cast<double>(one.count),
                     static_cast<double>(whole)});
}

void write_times(Html& html, const RecentTimes& times) {
  const auto section = html.in("section", {{"aria-labelledby", "times"}});
  write_heading(html, "times", "Time to a runner");
  if (times.all().empty()) return html.put("p", "No runner has come online yet.");
  html.put("p", {{"class", "under"}},
           "Half, 90 % and 99 % of the newest " + std::to_string(times.all().size()) + " " +
               plural(static_cast<std::int64_t>(times.all().size()), "runner") +
               " took no longer than");
  const auto frame = html.in("div", {{"class", "wide"}});
  const auto table = html.in("table");
  write_number_head(html, "Stage", {"Half", "90 %", "99 %"});
  std::vector<Millis> whole;
  std::map<report::Stage, std::vector<Millis>> stages;
  for (const RunnerTime& time : times.all()) {
    whole.push_back(time.runner);
    for (const auto& [stage, took] : time.stages) stages[stage].push_back(took);
  }
  const auto body = html.in("tbody");
  write_percentiles(html, "From the question to the runner", "times", std::move(whole));
  for (auto& [stage, values] : stages)
    write_percentiles(html, words_for(stage), "", std::move(values));
}

void write_outcomes(Html& html, const DashboardFacts& facts) {
  const auto section = html.in("section", {{"aria-labelledby", "outcomes"}});
  write_heading(html, "outcomes", "How the newest leases ended");
  std::map<Outcome, std::int64_t> by_outcome;
  std::map<Code, std::int64_t> refused;
  for (const Lease& lease : facts.leases) {
    if (lease.outcome == Outcome::none) continue;
    by_outcome[lease.outcome] += 1;
    if (lease.outcome == Outcome::refused) refused[code_of_refusal(lease)] += 1;
  }
  if (by_outcome.empty()) return html.put("p", "None has ended yet.");
  std::vector<Count> counts;
  for (const auto& [outcome, count] : by_outcome) {
    LeaseFilter filter;
    filter.outcome = mayfly::to_string(outcome);
    counts.push_back({filter.outcome, leases_by(filter), count});
  }
  write_counts(html, "Outcome", "Leases", std::move(counts));
  if (const std::int64_t interrupted = interrupted_among(facts.leases)) {
    LeaseFilter filter;
    filter.only = "interrupted";
    const auto note = html.in("p", {{"class", "under"}});
    html.text("EC2 took a machine back from ");
    html.put("a", {{"href", leases_by(filter)}},
             std::to_string(interrupted) + " " + plural(interrupted, "lease"));
    html.text(", before the job or during it.");
  }
  write_refusals(html, refused);
}

void write_pools(Html& html, const DashboardFacts& facts) {
  std::map<std::pair<std::string, std::string>, Figures> pools;
  for (const Lease& lease : facts.leases) {
    if (lease.launch.instance_type.empty()) continue;
    Figures& pool = pools[{lease.launch.instance_type, lease.launch.zone}];
    pool.leases += 1;
    pool.interrupted += lease.interruptions > 0 ? 1 : 0;
    pool.boot_failed += lease.outcome == Outcome::boot_failed ? 1 : 0;
  }
  if (pools.empty()) return;
  const auto section = html.in("section", {{"aria-labelledby", "pools"}});
  write_heading(html, "pools", "Machine types and zones of the newest leases");
  const auto frame = html.in("div", {{"class", "wide"}});
  const auto table = html.in("table");
  write_number_head(html, "Last machine", {"Leases", "Taken back", "Did not boot"});
  const auto body = html.in("tbody");
  for (const auto& [name, figures] : pools) write_pool(html, name.first, name.second, figures);
}

void write_pool_health(Html& html, const PoolMemory& pools, const Config& config, WallTime now) {
  const auto section = html.in("section", {{"aria-labelledby", "health"}});
  write_heading(html, "health", "Health of the pools");
  const std::size_t all = config.instance_types.size() * config.aws.subnet_ids.size();
  const auto avoided = std::ranges::count_if(
      pools.records(), [&](const auto& entry) { return entry.second.is_avoided(now); });
  html.put("p", {{"class", "under"}},
           std::to_string(all) + " " + plural(static_cast<std::int64_t>(all), "pool") + ", " +
               std::to_string(avoided) + " left out of launches now.");
  if (pools.records().empty()) return;
  const auto frame = html.in("div", {{"class", "wide"}});
  const auto table = html.in("table");
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    html.put("th", {{"scope", "col"}}, "Pool");
    html.put("th", {{"scope", "col"}}, "Of late");
  }
  const auto body = html.in("tbody");
  for (const auto& [pool, record] : pools.records()) write_health(html, pool, record, now);
}

void write_runner_times(Html& html, const RecentTimes& times, WallTime now) {
  {
    const auto over = html.in("p", {{"class", "over-title"}});
    html.put("a", {{"href", "./"}}, "Dashboard");
  }
  html.put("h1", "Time to a runner");
  std::vector<RunnerTime> slowest_first = times.all();
  std::ranges::stable_sort(slowest_first, std::greater{}, &RunnerTime::runner);
  html.put("p", {{"class", "under"}},
           "The newest " + std::to_string(slowest_first.size()) + " " +
               plural(static_cast<std::int64_t>(slowest_first.size()), "runner") +
               ", slowest first. A stage whose beginning was not stamped is left out.");
  const auto frame = html.in(
      "div", {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Runners"}});
  const auto table = html.in("table", {{"class", "leases"}});
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    for (const char* column : {"Lease", "Architecture", "Online"})
      html.put("th", {{"scope", "col"}}, column);
    html.put("th", {{"scope", "col"}, {"class", "number"}}, "Whole");
    for (const report::Stage stage : report::k_runner_stages)
      html.put("th", {{"scope", "col"}, {"class", "number"}},
               std::string(report::to_string(stage)));
  }
  const auto body = html.in("tbody");
  for (const RunnerTime& time : slowest_first) write_runner(html, time, now);
}

}  // namespace mayfly::pages
