#include "cli/admin.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "cli/metrics.h"
#include "http/problem.h"
#include "pages/operator_links.h"
#include "report/exposition.h"

namespace mayfly::cli {

void LastSweep::note(WallTime at, const SweepReport& report) {
  const std::scoped_lock lock(mutex_);
  last_.emplace(at, report);
  totals_.sweeps += 1;
  totals_.problems += static_cast<std::int64_t>(report.problems.size());
  totals_.terminated += report.terminated;
  totals_.orphans += report.orphans;
  totals_.runners_removed += report.runners_removed;
}

SweepTotals LastSweep::totals() const {
  const std::scoped_lock lock(mutex_);
  return totals_;
}

std::optional<std::pair<WallTime, SweepReport>> LastSweep::get() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

HttpResponse Admin::handle(const HttpRequest& request) {
  if (request.url == "/healthz" || request.url == "/metrics") return watch(request);
  return pages::answer_operator(pages_, request, token_);
}

HttpResponse Admin::watch(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return problem_response({Code::method_not_allowed, "allowed here: GET", std::nullopt});
  if (request.url == "/healthz") return health();
  HttpResponse response;
  response.headers.add("Content-Type", report::k_exposition_type);
  response.headers.add("Cache-Control", "no-store");
  response.body = metrics_text(config_, ledger_, counters_, last_sweep_, clock_.wall());
  return response;
}

HttpResponse Admin::health() {
  const auto audit = ledger_.audit();
  if (!audit) return problem_response(audit.error());
  const auto last = last_sweep_.get();
  const Millis late_after = config_.sweep_every * 3 + Seconds{60};
  json::object body;
  const bool on_time = last && clock_.wall() - last->first < late_after;
  const bool sees_cloud = last && last->second.instances >= 0;
  body["healthy"] = on_time && sees_cloud;
  if (last) {
    body["last_sweep_at"] = iso8601_millis(last->first);
    body["instances"] = last->second.instances;
    json::array problems;
    for (const std::string& problem : last->second.problems) problems.emplace_back(problem);
    body["problems"] = std::move(problems);
  }
  body["leases_live"] = audit->leases_live;
  body["machines_launched"] = audit->launched;
  body["machines_ended"] = audit->ended;
  return json_response(on_time && sees_cloud ? 200 : 503, json::serialize(body) + "\n");
}

}  // namespace mayfly::cli
