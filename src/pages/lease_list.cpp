#include "pages/lease_list.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

void write_choice(Html& html, const std::string& name, const std::string& label,
                  const std::vector<std::string>& values, const std::string& chosen) {
  const auto field = html.in("label");
  html.text(label + " ");
  const auto select = html.in("select", {{"name", name}});
  html.put("option", {{"value", ""}}, "any");
  for (const std::string& value : values) {
    if (value == chosen)
      html.put("option", {{"value", value}, {"selected", ""}}, value);
    else
      html.put("option", {{"value", value}}, value);
  }
}

void write_input(Html& html, const std::string& name, const std::string& label,
                 const std::string& value) {
  const auto field = html.in("label");
  html.text(label + " ");
  html.lone("input", {{"name", name}, {"value", value}, {"maxlength", "200"}, {"size", "16"}});
}

// What the form has no field for goes along.
void write_hidden(Html& html, const std::string& name, const std::string& value) {
  if (value.empty()) return;
  html.lone("input", {{"type", "hidden"}, {"name", name}, {"value", value}});
}

std::vector<std::string> names_of_outcomes() {
  using enum Outcome;
  std::vector<std::string> names;
  for (const Outcome outcome : {job_done, run_over, released, no_capacity, refused, boot_failed,
                                idle, deadline, interrupted})
    names.emplace_back(mayfly::to_string(outcome));
  return names;
}

void write_form(Html& html, const LeaseFilter& filter) {
  const auto form = html.in("form", {{"method", "get"}, {"class", "filters"}});
  write_choice(html, "state", "State",
               {"live", "launching", "booting", "claimed", "online", "busy", "ending", "gone"},
               filter.state);
  write_choice(html, "outcome", "Outcome", names_of_outcomes(), filter.outcome);
  write_choice(html, "architecture", "Architecture", {"x86_64", "arm64"}, filter.architecture);
  write_input(html, "repository", "Repository", filter.repository);
  write_input(html, "actor", "Started by", filter.actor);
  write_hidden(html, "type", filter.instance_type);
  write_hidden(html, "zone", filter.zone);
  write_hidden(html, "code", filter.code);
  write_hidden(html, "only", filter.only);
  if (filter.from) write_hidden(html, "from", iso8601(*filter.from));
  if (filter.before) write_hidden(html, "before", iso8601(*filter.before));
  html.put("button", "Show");
  html.put("a", {{"href", "leases"}}, "All");
}

// What narrows the list without a field of the form.
void write_narrowing(Html& html, const LeaseFilter& filter) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (!filter.instance_type.empty()) add(filter.instance_type);
  if (!filter.zone.empty()) add(filter.zone);
  if (!filter.code.empty()) add("refused for " + filter.code);
  if (filter.only == "interrupted") add("EC2 took a machine back");
  if (filter.only == "machine") add("had a machine");
  if (filter.only == "runner-left") add("the runner is not known to be off GitHub");
  if (filter.from) add("asked since " + spoken(*filter.from));
  if (filter.before) add("asked before " + spoken(*filter.before));
  if (!text.empty()) html.put("p", {{"class", "under"}}, "Only: " + text + ".");
}

void write_lease(Html& html, const Lease& lease, WallTime now) {
  const auto row = html.in("tr");
  {
    const auto name = html.in("th", {{"scope", "row"}});
    html.put("a", {{"href", "leases/" + lease.id.text}}, lease.id.text);
  }
  html.put("td", {{"class", to_string(mood_of(lease))}}, short_standing(lease));
  html.put("td", lease.repository.text);
  html.put("td", {{"class", "number"}},
           std::to_string(lease.run_id) + "/" + std::to_string(lease.run_attempt));
  html.put("td", lease.actor);
  html.put("td", lease.launch.instance_type.empty()
                     ? std::string(mayfly::to_string(lease.architecture))
                     : lease.launch.instance_type + " " + lease.launch.zone);
  const auto asked = html.in("td");
  html.put("time", {{"datetime", iso8601(lease.created_at)}}, spoken(lease.created_at, now));
}

void write_table(Html& html, const std::vector<const Lease*>& leases, WallTime now) {
  const auto frame = html.in(
      "div", {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Leases"}});
  const auto table = html.in("table", {{"class", "leases"}});
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    for (const char* column :
         {"Lease", "Stands", "Repository", "Run", "Started by", "Machine", "Asked"})
      html.put("th", {{"scope", "col"}}, column);
  }
  const auto body = html.in("tbody");
  for (const Lease* lease : leases) write_lease(html, *lease, now);
}

void write_paging(Html& html, const LeaseFilter& filter, std::size_t found) {
  const std::size_t pages = (found + k_leases_per_page - 1) / k_leases_per_page;
  if (pages < 2) return;
  const auto nav = html.in("nav", {{"aria-label", "Pages"}, {"class", "paging"}});
  const auto page = static_cast<std::size_t>(filter.page);
  const auto link = [&](std::size_t to, const char* text) {
    const std::string query = filter.query();
    html.put(
        "a",
        {{"href", "leases?" + query + (query.empty() ? "" : "&") + "page=" + std::to_string(to)}},
        text);
    html.text(" ");
  };
  if (page > 1) link(page - 1, "Newer");
  html.text("Page " + std::to_string(page) + " of " + std::to_string(pages) + " ");
  if (page < pages) link(page + 1, "Older");
}

}  // namespace

void write_lease_list(Html& html, const LeaseList& list, WallTime now) {
  {
    const auto over = html.in("p", {{"class", "over-title"}});
    html.put("a", {{"href", "./"}}, "Dashboard");
  }
  html.put("h1", "Leases");
  write_form(html, list.filter);
  write_narrowing(html, list.filter);
  const std::size_t first = k_leases_per_page * (static_cast<std::size_t>(list.filter.page) - 1);
  std::vector<const Lease*> shown;
  std::size_t found = 0;
  for (const Lease& lease : list.leases) {
    if (!list.filter.accepts(lease)) continue;
    if (found >= first && shown.size() < k_leases_per_page) shown.push_back(&lease);
    found += 1;
  }
  std::string text =
      std::to_string(found) + " " + plural(static_cast<std::int64_t>(found), "lease");
  if (list.leases.size() < list.of)
    text += " among the newest " + std::to_string(list.leases.size()) + " of " +
            std::to_string(list.of);
  html.put("p", {{"class", "under"}}, text + ".");
  if (!shown.empty()) write_table(html, shown, now);
  write_paging(html, list.filter, found);
}

}  // namespace mayfly::pages
