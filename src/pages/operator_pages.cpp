#include "pages/operator_pages.h"

#include "base/text.h"
#include "pages/lease_list.h"
#include "pages/lease_page.h"
#include "pages/lease_pages.h"
#include "pages/page.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

constexpr Millis k_known_for = Seconds{10};
constexpr int k_poll_millis = 5'000;
constexpr int k_reload_seconds = 15;

PageHead head_for(const std::string& title, const std::string& root, const Config& config) {
  PageHead head{title + " - mayfly " + config.deployment, root};
  head.reload_seconds = k_reload_seconds;
  head.poll_millis = k_poll_millis;
  return head;
}

RunnerTime time_of(const std::vector<LeaseEvent>& events, Millis whole) {
  RunnerTime time{whole, {}};
  for (const Stage& stage : stages_of(events))
    if (is_before_job(stage.kind) && stage.end) time.stages[stage.kind] += *stage.end - stage.begin;
  return time;
}

}  // namespace

Result<HttpResponse> OperatorPages::answer(const Target& target, const std::string& below) {
  const std::string root = root_from(target.path);
  if (below == "leases") return list(target, root);
  if (!target.query.empty()) return fail(Code::bad_field, "this page takes no query parameters");
  if (below.empty()) return dashboard(root);
  const std::string prefix = "leases/";
  if (!below.starts_with(prefix))
    return fail(Code::no_such_path, "nothing is served at " + printable(target.path, 80));
  const auto id = parse_lease_id(below.substr(prefix.size()));
  if (!id) return fail(Code::lease_not_found, "this is not a lease id");
  return lease(*id, root);
}

Result<HttpResponse> OperatorPages::dashboard(const std::string& root) {
  const WallTime now = clock_.wall();
  DashboardFacts facts;
  TRY_ASSIGN(facts.usage, ledger_.usage(config_.limits, now));
  TRY_ASSIGN(facts.audit, ledger_.audit());
  TRY_ASSIGN(facts.live, ledger_.live());
  TRY_ASSIGN(const Known known, newest());
  facts.leases = known->leases;
  facts.times = known->times;
  facts.times_of = known->times_of;
  if (last_sweep_) facts.last_sweep = last_sweep_();
  const std::string text = page_text(head_for("Dashboard", root, config_), [&](Html& html) {
    write_dashboard(html, facts, config_, now);
  });
  return page_response(200, text);
}

Result<HttpResponse> OperatorPages::list(const Target& target, const std::string& root) {
  TRY_ASSIGN(const LeaseFilter filter, parse_lease_filter(target.query));
  TRY_ASSIGN(const Known known, newest());
  LeaseList list{filter, known->leases, known->leases.size()};
  if (list.leases.size() >= k_leases_max) {
    TRY_ASSIGN(const Audit audit, ledger_.audit());
    list.of = static_cast<std::size_t>(audit.leases);
  }
  PageHead head = head_for("Leases", root, config_);
  head.reload_seconds = head.poll_millis = 0;  // it would turn pages under the reader's eyes
  const std::string text =
      page_text(head, [&](Html& html) { write_lease_list(html, list, clock_.wall()); });
  return page_response(200, text);
}

Result<HttpResponse> OperatorPages::lease(const LeaseId& id, const std::string& root) {
  TRY_ASSIGN(const auto found, ledger_.find(id));
  if (!found) return fail(Code::lease_not_found, "there is no lease " + id.text);
  LeaseStory story{*found, {}, {}, {}};
  TRY_ASSIGN(story.events, ledger_.events(id));
  TRY_ASSIGN(story.machines, ledger_.machines(id));
  LeasePlace place{root, config_.public_url + "/v1/leases/" + id.text,
                   github_url_of(config_.github.api_url)};
  place.is_operators = true;
  return page_response(200, lease_page(story, place, clock_.wall()));
}

Result<OperatorPages::Known> OperatorPages::newest() {
  const SteadyTime now = clock_.steady();
  {
    const std::scoped_lock lock(mutex_);
    if (newest_ && now < newest_->until) return newest_;
  }
  TRY_ASSIGN(Known known, read_newest());
  const std::scoped_lock lock(mutex_);
  newest_ = std::move(known);
  return newest_;
}

Result<OperatorPages::Known> OperatorPages::read_newest() {
  auto known = std::make_shared<Newest>();
  TRY_ASSIGN(known->leases, ledger_.recent(k_leases_max));
  for (const Lease& lease : known->leases) {
    if (known->times_of == k_timed_max) break;
    known->times_of += 1;
    TRY_ASSIGN(const auto events, ledger_.events(lease.id));
    if (const auto whole = time_to_runner(events)) known->times.push_back(time_of(events, *whole));
  }
  known->until = clock_.steady() + k_known_for;
  return Known(std::move(known));
}

}  // namespace mayfly::pages
