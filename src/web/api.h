#pragma once

// The public HTTP API (docs/api.md): routes to the service, and its answers as JSON. Everything
// that arrives is parsed by requests.h before anything is looked up; every error leaves as an RFC
// 9457 problem document. Thread rule: handle() is called from many threads at once.

#include <atomic>
#include <string>

#include "config/config.h"
#include "http/url.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/http_message.h"
#include "seam/log.h"
#include "service/asking.h"
#include "service/claims.h"

namespace mayfly {

struct ApiSeams {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Ledger& ledger;
};

class Api final : public HttpService {
 public:
  Api(const Config& config, const ApiSeams& seams, Asking& asking, Claims& claims)
      : config_(config), seams_(seams), asking_(asking), claims_(claims) {}

  // Adds X-Request-Id to every answer and writes one log line for it.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  using Answer = Result<HttpResponse>;

  [[nodiscard]] Answer route(const HttpRequest& request);
  [[nodiscard]] Answer seed(const HttpRequest& request);
  [[nodiscard]] Answer create_leases(const HttpRequest& request, const Target& target);
  [[nodiscard]] Answer show_lease(const std::string& id);
  [[nodiscard]] Answer release_lease(const std::string& id);
  [[nodiscard]] Answer claim(const HttpRequest& request);
  [[nodiscard]] Answer machine_event(const HttpRequest& request, const std::string& id);
  [[nodiscard]] Result<std::vector<AskedLease>> wait_for(std::vector<AskedLease> asked,
                                                         Millis patience);

  const Config& config_;
  ApiSeams seams_;
  Asking& asking_;
  Claims& claims_;
  std::atomic<int> waiting_ = 0;  // requests that hold a worker with wait=online
};

}  // namespace mayfly
