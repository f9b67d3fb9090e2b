#include "pages/lease_page.h"

#include <algorithm>

#include "pages/page.h"
#include "pages/timeline.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

constexpr int k_reload_seconds = 10;
constexpr int k_poll_millis = 3'000;

bool is_live_page(const Lease& lease) { return lease.state != LeaseState::gone; }

void write_time(Html& html, WallTime at, WallTime now) {
  html.put("time", {{"datetime", iso8601(at)}}, spoken(at, now));
}

void write_title(Html& html, const LeaseStory& story, const LeasePlace& place) {
  const Lease& lease = story.lease;
  {
    const auto over = html.in("p", {{"class", "over-title"}});
    if (place.is_operators)
      html.put("a", {{"href", "../leases"}}, "Leases");
    else
      html.text("mayfly");
  }
  {
    const auto title =
        html.in("h1", {{"id", "standing"}, {"class", "mood " + to_string(mood_of(lease))}});
    html.text(standing(lease));
  }
  const auto lead = html.in("p", {{"class", "lead"}});
  html.text("Runner for " + std::string(mayfly::to_string(lease.architecture)) + ", for ");
  const std::string run = lease.repository.text + " run " + std::to_string(lease.run_id);
  if (place.github_url.empty())
    html.text(run);
  else
    html.put("a",
             {{"href", place.github_url + "/" + lease.repository.text + "/actions/runs/" +
                           std::to_string(lease.run_id)}},
             run);
  if (lease.run_attempt > 1) html.text(", attempt " + std::to_string(lease.run_attempt));
  html.text(".");
}

void write_trouble(Html& html, const Lease& lease) {
  const auto trouble = trouble_of(lease);
  if (!trouble) return;
  const bool is_over = mood_of(lease) == Mood::bad;
  const auto box = html.in("section", {{"class", is_over ? "trouble bad" : "trouble waiting"},
                                       {"aria-labelledby", "trouble"}});
  html.put("h2", {{"id", "trouble"}}, trouble->title);
  if (!trouble->detail.empty()) html.put("p", {{"class", "reason"}}, trouble->detail);
  const auto remedy = html.in("p");
  html.put("b", is_over ? "What to do: " : "What comes next: ");
  html.text(trouble->remedy);
}

class Facts {
 public:
  explicit Facts(Html& html) : html_(html) {}
  void add(std::string_view term, std::string_view value) {
    if (value.empty()) return;
    const auto pair = html_.in("div");
    html_.put("dt", term);
    html_.put("dd", value);
  }
  void add_time(std::string_view term, WallTime at, WallTime now, bool counts_down) {
    const auto pair = html_.in("div");
    html_.put("dt", term);
    const auto value = html_.in("dd");
    write_time(html_, at, now);
    if (!counts_down) return;
    html_.text(at > now ? ", in " : ", passed");
    if (at > now)
      html_.put("span", {{"data-left", std::to_string((at - now).count())}}, spoken(at - now));
  }

 private:
  Html& html_;
};

std::string runs_on(const Lease& lease) {
  std::string text;
  for (const std::string& label : lease.labels) text += (text.empty() ? "" : ", ") + label;
  return text;
}

void write_facts(Html& html, const LeaseStory& story, const LeasePlace& place, WallTime now) {
  const Lease& lease = story.lease;
  const auto section = html.in("section", {{"aria-labelledby", "facts"}});
  html.put("h2", {{"id", "facts"}}, "Facts");
  const auto list = html.in("dl");
  Facts facts(html);
  facts.add("Machine type", lease.launch.instance_type);
  facts.add("Zone", lease.launch.zone);
  if (!lease.launch.instance_type.empty())
    facts.add("Bought as", lease.launch.on_demand ? "on-demand" : "spot");
  if (!story.machines.empty())
    facts.add(lease.machine_ended ? "Price" : "Price so far",
              "at most " + human_usd(price_so_far(story, now)));
  if (lease.launch.boots > 1) facts.add("Machines", std::to_string(lease.launch.boots));
  facts.add_time("Asked", lease.created_at, now, false);
  facts.add_time("Deadline", lease.deadline, now, is_live(lease.state));
  facts.add("runs-on", runs_on(lease));
  facts.add("Lease", lease.id.text);
  if (!place.is_operators) return;
  facts.add("Started by", lease.actor);
  facts.add("Code from", lease.head);
  facts.add("Instance", lease.launch.instance_id.text);
}

void write_stamps(Html& html, const std::vector<LeaseEvent>& events, WallTime now) {
  if (events.empty()) return;
  const auto details = html.in("details", {{"id", "stamps"}});
  html.put("summary", "Every stamp (" + std::to_string(events.size()) + ")");
  const auto frame = html.in(
      "div",
      {{"class", "wide"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Every stamp"}});
  const auto table = html.in("table");
  {
    const auto head = html.in("thead");
    const auto row = html.in("tr");
    for (const char* title : {"After", "At", "What", "Detail"})
      html.put("th", {{"scope", "col"}}, title);
  }
  const auto body = html.in("tbody");
  for (const LeaseEvent& event : events) {
    const auto row = html.in("tr");
    html.put("td", {{"class", "number"}}, spoken(event.at - events.front().at));
    {
      const auto at = html.in("td");
      write_time(html, event.at, now);
    }
    html.put("td", words_for_event(event.name));
    html.put("td", {{"class", "detail"}}, event.detail);
  }
}

void write_foot(Html& html, const Lease& lease, const LeasePlace& place, WallTime now) {
  const auto foot = html.in("p", {{"class", "quiet"}});
  html.put("span", {{"id", "fresh"}}, "As of " + spoken(now) + ".");
  if (is_live_page(lease)) {
    const auto without_script = html.in("noscript");
    html.text(" The page reads itself anew every " + std::to_string(k_reload_seconds) + " s.");
  }
  html.text(" For scripts: ");
  html.put("code", "curl " + place.json_url);
}

}  // namespace

std::string lease_page(const LeaseStory& story, const LeasePlace& place, WallTime now) {
  const Lease& lease = story.lease;
  PageHead head{standing(lease) + " - " + lease.repository.text, place.root};
  head.version = version_of(story);
  if (is_live_page(lease)) {
    head.reload_seconds = k_reload_seconds;
    head.poll_millis = k_poll_millis;
  }
  return page_text(head, [&](Html& html) {
    write_title(html, story, place);
    write_trouble(html, lease);
    write_timeline(html, story, now);
    write_facts(html, story, place, now);
    write_stamps(html, story.events, now);
    write_foot(html, lease, place, now);
  });
}

}  // namespace mayfly::pages
