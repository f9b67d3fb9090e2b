#include "pages/dashboard.h"

#include <algorithm>

#include "base/text.h"
#include "pages/dashboard_parts.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

constexpr int k_money_worry_percent = 90;

Millis furthest_overdue(std::span<const Lease> live, WallTime now) {
  Millis overdue{0};
  for (const Lease& lease : live)
    if (!lease.machine_ended) overdue = std::max(overdue, now - lease.deadline);
  return overdue;
}

void add_worries_of_sweep(std::vector<std::string>& all, const SweepNote& sweep,
                          const Config& config, WallTime now) {
  if (now - sweep.at > config.sweep_every * 3 + Seconds{60})
    all.push_back("The last sweep was " + spoken(now - sweep.at) + " ago.");
  if (sweep.report.instances < 0) all.push_back("EC2 did not list the machines at the last sweep.");
  for (const std::string& problem : sweep.report.problems) all.push_back(problem);
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

void write_foot(Html& html, const DashboardFacts& facts, WallTime now) {
  const auto foot = html.in("p", {{"class", "quiet"}});
  html.put("span", {{"id", "fresh"}}, "As of " + spoken(now) + ".");
  html.text(" Charts of leases are of the newest " + std::to_string(facts.leases.size()) + " of " +
            std::to_string(facts.audit.leases) + ", and may be ten seconds old. ");
  html.put("a", {{"href", "leases"}}, "All leases");
}

}  // namespace

std::vector<std::string> worries(const DashboardFacts& facts, const Config& config, WallTime now) {
  std::vector<std::string> all;
  if (facts.usage.launches.pause) all.push_back(describe(*facts.usage.launches.pause) + ".");
  const int money = money_percent(facts.usage, config.limits);
  if (money >= k_money_worry_percent)
    all.push_back(std::to_string(money) + " % of the money is spent or reserved.");
  const Millis overdue = furthest_overdue(facts.live, now);
  if (overdue > config.sweep_every * 2)
    all.push_back("A machine is past its deadline by " + spoken(overdue) + ".");
  const bool is_idle = facts.audit.leases_live == 0;
  if (is_idle && (facts.audit.launched != facts.audit.ended || facts.audit.runners_left != 0))
    all.push_back("No lease lives, but not every machine and runner is known to be gone.");
  if (facts.process.sweep)
    add_worries_of_sweep(all, *facts.process.sweep, config, now);
  else
    all.push_back("No sweep has ended yet.");
  return all;
}

void write_dashboard(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  html.put("p", {{"class", "over-title"}}, "mayfly " + config.deployment);
  write_worries(html, facts, config, now);
  {
    const auto columns = html.in("div", {{"class", "columns"}});
    write_limits(html, facts, config, now);
    write_live(html, facts);
    write_times(html, facts.times);
    write_outcomes(html, facts);
    write_pools(html, facts);
    write_pool_health(html, facts.pools, config, now);
    write_audit(html, facts.audit);
    write_enforcers(html, facts, now);
    write_calls(html, facts, config, now);
  }
  write_foot(html, facts, now);
}

}  // namespace mayfly::pages
