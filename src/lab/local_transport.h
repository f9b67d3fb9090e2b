#pragma once

// A network inside the process: requests go to services by origin, with no socket between. What it
// does not know is unreachable (transport_not_sent). Thread rule: connect() everything first;
// send() is then safe from many threads, as the services are.

#include <map>
#include <string>

#include "seam/transport.h"

namespace mayfly::lab {

class LocalTransport final : public HttpTransport {
 public:
  // origin: "http://host:port"; the port may be left out. The service must outlive the transport.
  void connect(const std::string& origin, HttpService& service);

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, SteadyTime) override;

 private:
  std::map<std::string, HttpService*> services_;  // by scheme://host:port
};

}  // namespace mayfly::lab
