// What is so now: limits, live leases, the audit, the enforcers and the calls.

#include <algorithm>
#include <map>

#include "base/text.h"
#include "pages/bars.h"
#include "pages/dashboard_parts.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

double number(Money m) { return static_cast<double>(m.micros); }

std::string of(const std::string& used, const std::string& allowed) {
  return used + " of " + allowed;
}

void write_count_of(Html& html, const std::string& name, const LeaseFilter& filter,
                    std::int64_t used, std::int64_t allowed) {
  write_row(html, {name, leases_by(filter), of(std::to_string(used), std::to_string(allowed)),
                   static_cast<double>(used), static_cast<double>(allowed)});
}

void write_money_of(Html& html, const std::string& name, const LeaseFilter& filter, Money used,
                    Money allowed) {
  write_row(html, {name, leases_by(filter), of(human_usd(used), human_usd(allowed)), number(used),
                   number(allowed)});
}

LeaseFilter since(WallTime from) {
  LeaseFilter filter;
  filter.from = from;
  return filter;
}

LeaseFilter only(std::string_view which) {
  LeaseFilter filter;
  filter.only = which;
  return filter;
}

LeaseFilter live() {
  LeaseFilter filter;
  filter.state = "live";
  return filter;
}

LeaseFilter gone_machines() {
  LeaseFilter filter = only("machine");
  filter.state = mayfly::to_string(LeaseState::gone);
  return filter;
}

class Terms {
 public:
  explicit Terms(Html& html) : html_(html), list_(html.in("dl")) {}
  void add(const std::string& term, const std::string& value, const std::string& href = "") {
    const auto pair = html_.in("div");
    html_.put("dt", term);
    const auto place = html_.in("dd");
    if (href.empty())
      html_.text(value);
    else
      html_.put("a", {{"href", href}}, value);
  }

 private:
  Html& html_;
  Html::Scope list_;
};

std::string failed_of(std::int64_t calls, std::int64_t failed) {
  std::string text = std::to_string(calls);
  if (calls > 0) text += ", " + std::to_string(failed) + " without a proper answer";
  return text;
}

void add_hour(Terms& terms, const github::RateLimit& hour, WallTime now) {
  if (!hour.limit || !hour.remaining) return;
  std::string text = of(std::to_string(*hour.remaining), std::to_string(*hour.limit));
  if (hour.resets_at && *hour.resets_at > now)
    text += ", all again in " + spoken(*hour.resets_at - now);
  terms.add("GitHub's hour: calls left", text);
  if (hour.closed_until && *hour.closed_until > now)
    terms.add("GitHub is left alone for", spoken(*hour.closed_until - now));
}

void write_refused(Html& html, const CallFacts& calls) {
  if (calls.refused.empty()) return;
  html.put("h3", "Questions that were refused, by reason");
  html.put("p", {{"class", "under"}}, "By this process. No lease came of them, so none is listed.");
  std::vector<Count> counts;
  for (const auto& [name, count] : calls.refused) {
    const auto code = code_named(name);
    counts.push_back({code ? std::string(info(*code).title) : name, "", count});
  }
  write_counts(html, "Reason", "Questions", std::move(counts));
}

}  // namespace

void write_limits(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  const Usage& usage = facts.usage;
  const Caps& caps = config.limits;
  const auto section = html.in("section", {{"aria-labelledby", "limits"}});
  write_heading(html, "limits", "Used now, of what is allowed");
  const auto table = html.in("table");
  write_row_head(html, "What", "Used");
  const auto body = html.in("tbody");
  write_count_of(html, "Machines", live(), usage.machines, caps.machines);
  write_count_of(html, "Machines for bare labels", live(), usage.machines_for_seed_labels,
                 caps.machines_for_seed_labels);
  write_money_of(html, "Money today, with what is reserved", since(start_of_day(now)),
                 usage.spent_today + usage.reserved, caps.usd_per_day);
  write_money_of(html, "Money this month, with what is reserved", since(start_of_month(now)),
                 usage.spent_this_month + usage.reserved, caps.usd_per_month);
  write_count_of(html, "Launches within the hour", since(now - k_launch_window),
                 static_cast<std::int64_t>(usage.launches.of_hour.size()), caps.launches_per_hour);
}

void write_live(Html& html, const DashboardFacts& facts) {
  const auto section = html.in("section", {{"aria-labelledby", "live"}});
  write_heading(html, "live", "Leases that live");
  std::map<LeaseState, std::int64_t> by_state;
  for (const Lease& lease : facts.live) by_state[lease.state] += 1;
  std::vector<Count> counts;
  for (const auto& [state, count] : by_state) {
    LeaseFilter filter;
    filter.state = mayfly::to_string(state);
    counts.push_back({filter.state, leases_by(filter), count});
  }
  if (counts.empty()) return html.put("p", "None: no machine runs, and nothing waits.");
  write_counts(html, "State", "Leases", std::move(counts));
}

void write_audit(Html& html, const Audit& audit) {
  const auto section = html.in("section", {{"aria-labelledby", "audit"}});
  write_heading(html, "audit", "Audit, since the beginning");
  Terms terms(html);
  terms.add("Machines launched", std::to_string(audit.launched), leases_by(only("machine")));
  terms.add("Of these gone", std::to_string(audit.ended), leases_by(gone_machines()));
  terms.add("Not known to be gone", std::to_string(audit.launched - audit.ended),
            leases_by(live()));
  terms.add("Runners left on GitHub", std::to_string(audit.runners_left),
            leases_by(only("runner-left")));
  terms.add("Spent", "at most " + human_usd(audit.spent), leases_by(only("machine")));
  terms.add("Reserved", human_usd(audit.reserved), leases_by(live()));
  terms.add("Leases", std::to_string(audit.leases), "leases");
}

void write_enforcers(Html& html, const DashboardFacts& facts, WallTime now) {
  const auto section = html.in("section", {{"aria-labelledby", "enforcers"}});
  write_heading(html, "enforcers", "The enforcers' last pass");
  Terms terms(html);
  if (const auto& sweep = facts.process.sweep) {
    terms.add("The sweep", spoken(now - sweep->at) + " ago");
    terms.add("Machines it saw", sweep->report.instances < 0
                                     ? "EC2 did not tell"
                                     : std::to_string(sweep->report.instances));
  } else {
    terms.add("The sweep", "none yet");
  }
  terms.add("The sweep without a ledger",
            "not known here: it writes no ledger. Its own log and alarm tell");
  terms.add("The machine's own timer", "not known here: it tells nobody");
}

void write_calls(Html& html, const DashboardFacts& facts, const Config& config, WallTime now) {
  const auto section = html.in("section", {{"aria-labelledby", "calls"}});
  write_heading(html, "calls", "Calls to GitHub and AWS");
  {
    Terms terms(html);
    const auto& calls = facts.process.calls;
    if (calls)
      terms.add("To GitHub in the last minute", of(std::to_string(calls->github_in_minute),
                                                   std::to_string(config.github.calls_per_minute)));
    if (facts.process.sweep) add_hour(terms, facts.process.sweep->github, now);
    if (calls) {
      terms.add("To GitHub, since " + spoken(calls->since, now),
                failed_of(calls->github, calls->github_failed));
      terms.add("To AWS, since then", failed_of(calls->aws, calls->aws_failed));
    }
    terms.add("EC2's budget", "not known: AWS does not say what is left");
  }
  if (facts.process.calls) write_refused(html, *facts.process.calls);
}

}  // namespace mayfly::pages
