#include "pages/operator_pages.h"

#include <algorithm>

#include "base/text.h"
#include "pages/lease_list.h"
#include "pages/lease_page.h"
#include "pages/lease_pages.h"
#include "pages/page.h"
#include "pages/words.h"
#include "service/pool_book.h"

namespace mayfly::pages {
namespace {

constexpr Millis k_newest_for = Seconds{10};
constexpr Millis k_now_for = Seconds{1};
constexpr int k_poll_millis = 5'000;
constexpr int k_reload_seconds = 15;

// A page that stays as it is: what turns by itself would turn under the reader's eyes.
PageHead head_for(const std::string& title, const std::string& root, const Config& config) {
  return {title + " - mayfly " + config.deployment, root};
}

}  // namespace

Result<HttpResponse> OperatorPages::answer(const Target& target, const std::string& below) {
  const std::string root = root_from(target.path);
  if (below == "leases") return list(target, root);
  if (!target.query.empty()) return fail(Code::bad_field, "this page takes no query parameters");
  if (below.empty()) return dashboard(root);
  if (below == "times") return times(root);
  const std::string prefix = "leases/";
  if (!below.starts_with(prefix))
    return fail(Code::no_such_path, "nothing is served at " + printable("/" + below, 80));
  const auto id = parse_lease_id(below.substr(prefix.size()));
  if (!id) return fail(Code::lease_not_found, "this is not a lease id");
  return lease(*id, root);
}

Result<HttpResponse> OperatorPages::dashboard(const std::string& root) {
  TRY_ASSIGN(const auto current, now());
  TRY_ASSIGN(const auto known, newest());
  TRY_ASSIGN(const auto times, recent_times());
  DashboardFacts facts{
      current->usage, known->audit, known->leases, current->live, *times, known->pools, {}};
  if (process_) facts.process = process_();
  PageHead head = head_for("Dashboard", root, config_);
  head.reload_seconds = k_reload_seconds;
  head.poll_millis = k_poll_millis;
  return page_response(200, page_text(head, [&](Html& html) {
                         write_dashboard(html, facts, config_, clock_.wall());
                       }));
}

Result<HttpResponse> OperatorPages::times(const std::string& root) {
  TRY_ASSIGN(const auto times, recent_times());
  const PageHead head = head_for("Time to a runner", root, config_);
  return page_response(
      200, page_text(head, [&](Html& html) { write_runner_times(html, *times, clock_.wall()); }));
}

Result<HttpResponse> OperatorPages::list(const Target& target, const std::string& root) {
  TRY_ASSIGN(LeaseFilter filter, parse_lease_filter(target.query));
  TRY_ASSIGN(const auto current, now());
  TRY_ASSIGN(const auto known, newest());
  // What lives is known whole, however old; of the others the newest.
  const bool is_live = !filter.state.empty() && filter.state != "gone";
  const std::span<const Lease> leases = is_live ? current->live : known->leases;
  LeaseList list{std::move(filter), leases, leases.size()};
  if (!is_live) list.of = std::max(list.of, static_cast<std::size_t>(known->audit.leases));
  return page_response(200, page_text(head_for("Leases", root, config_), [&](Html& html) {
                         write_lease_list(html, list, clock_.wall());
                       }));
}

Result<HttpResponse> OperatorPages::lease(const LeaseId& id, const std::string& root) {
  TRY_ASSIGN(const auto found, ledger_.find(id));
  if (!found) return fail(Code::lease_not_found, "there is no lease " + id.text);
  LeaseStory story{*found, {}, {}, {}};
  TRY_ASSIGN(story.events, ledger_.events(id));
  TRY_ASSIGN(story.machines, ledger_.machines(id));
  TRY_ASSIGN(const auto times, recent_times());
  story.usuals = usuals_in(*times, found->architecture);
  LeasePlace place{root, config_.public_url + "/v1/leases/" + id.text,
                   github_url_of(config_.github.api_url)};
  place.is_operators = true;
  return page_response(200, lease_page(story, place, clock_.wall()));
}

Result<Kept<OperatorPages::Newest>::Pointer> OperatorPages::newest() {
  return newest_.get(clock_.steady(), k_newest_for, [&] { return read_newest(); });
}

Result<Kept<report::RecentTimes>::Pointer> OperatorPages::recent_times() {
  return times_.get(clock_.steady(), k_newest_for, [&] { return report::recent_times(ledger_); });
}

Result<Kept<OperatorPages::Now>::Pointer> OperatorPages::now() {
  return now_.get(clock_.steady(), k_now_for, [&] { return read_now(); });
}

Result<OperatorPages::Newest> OperatorPages::read_newest() {
  Newest known;
  const auto before = newest_.last();
  const std::vector<Lease> none;
  TRY_ASSIGN(known.leases, ledger_.recent_again(k_leases_max, before ? before->leases : none));
  TRY_ASSIGN(known.audit, ledger_.audit());
  TRY_ASSIGN(known.pools, remembered_pools(ledger_));
  return known;
}

Result<OperatorPages::Now> OperatorPages::read_now() {
  Now current;
  TRY_ASSIGN(current.usage, ledger_.usage(config_.limits, clock_.wall()));
  TRY_ASSIGN(current.live, ledger_.live());
  std::ranges::reverse(current.live);
  return current;
}

}  // namespace mayfly::pages
