#pragma once

// The public HTTP API (docs/api.md): routes to the service, and its answers as JSON. Everything
// that arrives is parsed by requests.h before anything is looked up; every error leaves as an RFC
// 9457 problem document. Thread rule: handle() is called from many threads at once.

#include <atomic>
#include <string>

#include "config/config.h"
#include "http/url.h"
#include "ledger/ledger.h"
#include "pages/lease_pages.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/http_message.h"
#include "seam/line_limit.h"
#include "seam/log.h"
#include "service/asking.h"
#include "service/claims.h"
#include "service/webhooks.h"
#include "web/ask_limits.h"

namespace mayfly {

struct ApiSeams {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Ledger& ledger;
};

class Api final : public HttpService {
 public:
  // webhooks: none where they are not taken.
  Api(const Config& config, const ApiSeams& seams, Asking& asking, Claims& claims,
      Webhooks* webhooks = nullptr)
      : config_(config),
        seams_(seams),
        asking_(asking),
        claims_(claims),
        lease_pages_(config, seams.clock, seams.ledger),
        webhooks_(webhooks),
        ask_limits_(config.asks, config.listen.trusted_proxies),
        common_lines_(seams.clock, seams.log, k_common_lines_per_minute) {}

  // Adds X-Request-Id to every answer and writes one log line for it; of what anybody can cause at
  // will (refusals, and answers to GET) only so many a minute, and then how many were left out.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  using Answer = Result<HttpResponse>;
  static constexpr int k_common_lines_per_minute = 600;

  [[nodiscard]] Answer route(const HttpRequest& request);
  [[nodiscard]] Answer seed(const HttpRequest& request);
  [[nodiscard]] Answer create_leases(const HttpRequest& request, const Target& target);
  // JSON, or what people look at, as Accept says.
  [[nodiscard]] Answer show_lease(const HttpRequest& request, const std::string& id);
  [[nodiscard]] Answer show_badge(const std::string& id);
  [[nodiscard]] Answer lease_route(const HttpRequest& request, std::string id);
  [[nodiscard]] Answer release_lease(const HttpRequest& request, const std::string& id);
  [[nodiscard]] Answer claim(const HttpRequest& request);
  [[nodiscard]] Answer delivery(const HttpRequest& request);
  [[nodiscard]] Answer machine_event(const HttpRequest& request, const std::string& id);
  // Before anything that makes GitHub be asked.
  [[nodiscard]] Status admit(const HttpRequest& request);
  void log_answer(const HttpRequest& request, const Answer& answer, const HttpResponse& response,
                  Millis took);
  [[nodiscard]] Result<std::vector<AskedLease>> wait_for(std::vector<AskedLease> asked,
                                                         Millis patience);

  const Config& config_;
  ApiSeams seams_;
  Asking& asking_;
  Claims& claims_;
  pages::LeasePages lease_pages_;
  Webhooks* webhooks_;
  AskLimits ask_limits_;
  LineLimit common_lines_;
  std::atomic<int> waiting_ = 0;  // requests that hold a worker with wait=online
};

}  // namespace mayfly
