#include "lab/slow_service.h"

namespace mayfly::lab {

HttpResponse SlowService::handle(const HttpRequest& request) {
  if (up_to_ <= Millis{0}) return service_.handle(request);
  const auto whole = entropy_.below(static_cast<std::uint64_t>(up_to_.count()) + 1);
  const auto before = entropy_.below(whole + 1);
  clock_.sleep_for(Millis{static_cast<Millis::rep>(before)});
  HttpResponse response = service_.handle(request);
  clock_.sleep_for(Millis{static_cast<Millis::rep>(whole - before)});
  return response;
}

}  // namespace mayfly::lab
