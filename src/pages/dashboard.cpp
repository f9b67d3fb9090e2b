#include "pages/dashboard.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "pages/bars.h"
#include "pages/lease_filter.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

constexpr int k_money_worry_percent = 90;

double number(Money m) { return static_cast<double>(m.micros); }

std::string leases_by(const LeaseFilter& filter) {
  const std::string query = filter.query();
  return "leases" + (query.empty() ? "" : "?" + query);
}

// A section with a table whose rows are counts, largest first.
struct Count {
  std::string name;
  LeaseFilter filter;
  std::int64_t count = 0;
};

void write_counts(Html& html, const std::string& what, std::vector<Count> counts) {
  std::ranges::stable_sort(counts, std::greater{}, &Count::count);
  std::int64_t whole = 0;
  for (const Count& one : counts) whole += one.count;
  const auto table = html.in("table");
  write_row_head(html, what, "Leases");
  const auto body = html.in("tbody");
  for (const Count& one : counts)
    write_row(html, {one.name, leases_by(one.filter), std::to_string(one.count),
                     static_cast<double>(one.count), static_cast<double>(whole)});
}

void write_heading(Html& html, const std::string& id, const std::string& text) {
  html.put("h2", {{"id", id}}, text);
}

std::string of(const std::string& used, const std::string& allowed) {
  return used + " of " + allowed;
}

void write_limits(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  const Usage& usage = facts.usage;
  const Caps& caps = config.limits;
  const auto section = html.in("section", {{"aria-labelledby", "limits"}});
  write_heading(html, "limits", "Used now, of what is allowed");
  const auto table = html.in("table");
  write_row_head(html, "What", "Used");
  const auto body = html.in("tbody");
  LeaseFilter live;
  live.state = "live";
  LeaseFilter today;
  today.from = start_of_day(now);
  LeaseFilter month;
  month.from = start_of_month(now);
  LeaseFilter hour;
  hour.from = now - k_launch_window;
  const Money day = usage.spent_today + usage.reserved;
  const Money in_month = usage.spent_this_month + usage.reserved;
  write_row(html, {"Machines", leases_by(live),
                   of(std::to_string(usage.machines), std::to_string(caps.machines)),
                   static_cast<double>(usage.machines), static_cast<double>(caps.machines)});
  write_row(html, {"Money today, with what is reserved", leases_by(today),
                   of(human_usd(day), human_usd(caps.usd_per_day)), number(day),
                   number(caps.usd_per_day)});
  write_row(html, {"Money this month, with what is reserved", leases_by(month),
                   of(human_usd(in_month), human_usd(caps.usd_per_month)), number(in_month),
                   number(caps.usd_per_month)});
  write_row(html, {"Launches within the hour", leases_by(hour),
                   of(std::to_string(usage.launches.of_hour.size()),
                      std::to_string(caps.launches_per_hour)),
                   static_cast<double>(usage.launches.of_hour.size()),
                   static_cast<double>(caps.launches_per_hour)});
  write_row(html, {"Machines for bare labels", leases_by(live),
                   of(std::to_string(usage.machines_for_seed_labels),
                      std::to_string(caps.machines_for_seed_labels)),
                   static_cast<double>(usage.machines_for_seed_labels),
                   static_cast<double>(caps.machines_for_seed_labels)});
}

void write_live(Html& html, const DashboardFacts& facts) {
  const auto section = html.in("section", {{"aria-labelledby", "live"}});
  write_heading(html, "live", "Leases that live");
  std::map<LeaseState, std::int64_t> by_state;
  for (const Lease& lease : facts.live) by_state[lease.state] += 1;
  std::vector<Count> counts;
  for (const auto& [state, count] : by_state) {
    Count one{std::string(mayfly::to_string(state)), {}, count};
    one.filter.state = one.name;
    counts.push_back(std::move(one));
  }
  if (counts.empty()) return html.put("p", "None: no machine runs, and nothing waits.");
  write_counts(html, "State", std::move(counts));
}

void write_times(Html& html, const DashboardFacts& facts) {
  const auto section = html.in("section", {{"aria-labelledby", "times"}});
  write_heading(html, "times", "Time to a runner");
  html.put("p", {{"class", "under"}},
           std::to_string(facts.times.size()) + " of the newest " +
               plural(static_cast<std::int64_t>(facts.times_of), "lease") + " got a runner.");
  if (facts.times.empty()) return;
  const auto frame = html.in("div", {{"class", "wide"}});
  const auto table = html.in("table");
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    html.put("th", {{"scope", "col"}}, "Stage");
    for (const char* column : {"Half within", "90 % within", "99 % within"})
      html.put("th", {{"scope", "col"}, {"class", "number"}}, column);
  }
  const auto write = [&](const std::string& name, const std::vector<Millis>& values) {
    if (values.empty()) return;
    const auto row = html.in("tr");
    html.put("th", {{"scope", "row"}}, name);
    for (const int p : {50, 90, 99})
      html.put("td", {{"class", "number"}}, spoken(percentile(values, p)));
  };
  const auto body = html.in("tbody");
  std::vector<Millis> whole;
  std::map<StageKind, std::vector<Millis>> stages;
  for (const RunnerTime& time : facts.times) {
    whole.push_back(time.whole);
    for (const auto& [kind, took] : time.stages) stages[kind].push_back(took);
  }
  write("From the question to the runner", whole);
  for (const auto& [kind, values] : stages) write(words_for(kind), values);
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
    Count one{std::string(mayfly::to_string(outcome)), {}, count};
    one.filter.outcome = one.name;
    counts.push_back(std::move(one));
  }
  write_counts(html, "Outcome", std::move(counts));
  if (refused.empty()) return;
  html.put("h3", "Launches that were refused, by reason");
  std::vector<Count> codes;
  for (const auto& [code, count] : refused) {
    Count one{std::string(info(code).title), {}, count};
    one.filter.code = std::string(info(code).name);
    codes.push_back(std::move(one));
  }
  write_counts(html, "Reason", std::move(codes));
}

struct Pool {
  std::int64_t leases = 0;
  std::int64_t interrupted = 0;
  std::int64_t boot_failed = 0;
};

void write_pools(Html& html, const DashboardFacts& facts) {
  std::map<std::pair<std::string, std::string>, Pool> pools;
  for (const Lease& lease : facts.leases) {
    if (lease.launch.instance_type.empty()) continue;
    Pool& pool = pools[{lease.launch.instance_type, lease.launch.zone}];
    pool.leases += 1;
    pool.interrupted += lease.outcome == Outcome::interrupted ? 1 : 0;
    pool.boot_failed += lease.outcome == Outcome::boot_failed ? 1 : 0;
  }
  if (pools.empty()) return;
  const auto section = html.in("section", {{"aria-labelledby", "pools"}});
  write_heading(html, "pools", "Machine types and zones of the newest leases");
  const auto frame = html.in("div", {{"class", "wide"}});
  const auto table = html.in("table");
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    html.put("th", {{"scope", "col"}}, "Pool");
    for (const char* column : {"Leases", "Taken back by EC2", "Did not boot"})
      html.put("th", {{"scope", "col"}, {"class", "number"}}, column);
  }
  const auto body = html.in("tbody");
  for (const auto& [name, pool] : pools) {
    const auto row = html.in("tr");
    LeaseFilter filter;
    filter.instance_type = name.first;
    filter.zone = name.second;
    const auto cell = [&](std::int64_t count) {
      const auto place = html.in("td", {{"class", "number"}});
      if (count == 0)
        html.text("0");
      else
        html.put("a", {{"href", leases_by(filter)}}, std::to_string(count));
    };
    html.put("th", {{"scope", "row"}}, name.first + ", " + name.second);
    cell(pool.leases);
    filter.outcome = mayfly::to_string(Outcome::interrupted);
    cell(pool.interrupted);
    filter.outcome = mayfly::to_string(Outcome::boot_failed);
    cell(pool.boot_failed);
  }
}

void write_audit(Html& html, const DashboardFacts& facts, WallTime now) {
  const Audit& audit = facts.audit;
  const auto section = html.in("section", {{"aria-labelledby", "audit"}});
  write_heading(html, "audit", "Audit and sweep");
  const auto list = html.in("dl");
  const auto add = [&](const char* term, const std::string& value) {
    const auto pair = html.in("div");
    html.put("dt", term);
    html.put("dd", value);
  };
  add("Machines launched", std::to_string(audit.launched));
  add("Of these gone", std::to_string(audit.ended));
  add("Runners left on GitHub", std::to_string(audit.runners_left));
  add("Spent since the beginning", "at most " + human_usd(audit.spent));
  add("Reserved", human_usd(audit.reserved));
  add("Leases", std::to_string(audit.leases));
  if (!facts.last_sweep) return;
  add("Last sweep", spoken(facts.last_sweep->first, now));
  const int instances = facts.last_sweep->second.instances;
  add("Machines it saw", instances < 0 ? "EC2 did not tell" : std::to_string(instances));
}

void write_worries(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  const std::vector<std::string> all = worries(facts, config, now);
  const char* const title = all.empty() ? "All is well" : "Something wants attention";
  html.put("h1", {{"id", "standing"}, {"class", all.empty() ? "mood good" : "mood bad"}}, title);
  if (all.empty()) return;
  const auto box = html.in("div", {{"class", "trouble bad"}});
  const auto list = html.in("ul");
  for (const std::string& worry : all) html.put("li", worry);
}

}  // namespace

Millis percentile(std::vector<Millis> values, int p) {
  if (values.empty()) return Millis{0};
  std::ranges::sort(values);
  const std::size_t rank = (values.size() * static_cast<std::size_t>(p) + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<std::string> worries(const DashboardFacts& facts, const Config& config, WallTime now) {
  std::vector<std::string> all;
  if (facts.usage.launches.pause) all.push_back(describe(*facts.usage.launches.pause) + ".");
  const int money = money_percent(facts.usage, config.limits);
  if (money >= k_money_worry_percent)
    all.push_back(std::to_string(money) + " % of the money is spent or reserved.");
  Millis overdue{0};
  for (const Lease& lease : facts.live)
    if (!lease.machine_ended) overdue = std::max(overdue, now - lease.deadline);
  if (overdue > config.sweep_every * 2)
    all.push_back("A machine is past its deadline by " + spoken(overdue) + ".");
  const bool is_idle = facts.audit.leases_live == 0;
  if (is_idle && (facts.audit.launched != facts.audit.ended || facts.audit.runners_left != 0))
    all.push_back("No lease lives, but not every machine and runner is known to be gone.");
  if (!facts.last_sweep) return all;
  const auto& [at, report] = *facts.last_sweep;
  if (now - at > config.sweep_every * 3 + Seconds{60})
    all.push_back("The last sweep was " + spoken(now - at) + " ago.");
  if (report.instances < 0) all.push_back("EC2 did not list the machines at the last sweep.");
  for (const std::string& problem : report.problems) all.push_back(problem);
  return all;
}

void write_dashboard(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  html.put("p", {{"class", "over-title"}}, "mayfly " + config.deployment);
  write_worries(html, facts, config, now);
  {
    const auto columns = html.in("div", {{"class", "columns"}});
    write_limits(html, facts, config, now);
    write_live(html, facts);
    write_times(html, facts);
    write_outcomes(html, facts);
    write_pools(html, facts);
    write_audit(html, facts, now);
  }
  const auto foot = html.in("p", {{"class", "quiet"}});
  html.put("span", {{"id", "fresh"}}, "As of " + spoken(now) + ".");
  html.text(" The newest leases: " + std::to_string(facts.leases.size()) + " of " +
            std::to_string(facts.audit.leases) + ". ");
  html.put("a", {{"href", "leases"}}, "All leases");
}

}  // namespace mayfly::pages
