#include "lab/local_transport.h"

#include "base/text.h"
#include "http/url.h"

namespace mayfly::lab {
namespace {

std::string origin_of(const Url& url) { return url.scheme + "://" + url.host + ":" + url.port; }

}  // namespace

void LocalTransport::connect(const std::string& origin, HttpService& service) {
  const auto url = parse_url(origin);
  MAYFLY_CHECK(url.has_value());
  services_[origin_of(*url)] = &service;
}

Result<HttpResponse> LocalTransport::send(const HttpRequest& request, SteadyTime) {
  const auto url = parse_url(request.url);
  const auto found = url ? services_.find(origin_of(*url)) : services_.end();
  if (found == services_.end())
    return fail(Code::transport_not_sent, "nothing listens at " + printable(request.url));
  HttpRequest inbound = request;
  inbound.url = url->target;
  inbound.peer = "127.0.0.1";
  if (!inbound.headers.find("host")) inbound.headers.add("Host", url->authority());
  return found->second->handle(inbound);
}

}  // namespace mayfly::lab
