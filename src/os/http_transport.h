#pragma once

// HTTP/1.1 and HTTPS as a client: HttpTransport over real sockets.
//
// The deadline covers name lookup, connect, TLS, writing and reading. A failure before the first
// byte of the request is transport_not_sent, every later one transport_lost. Redirects are not
// followed and no proxy is used. Limits: response headers 64 KiB, body 32 MiB.
//
// Connections are kept and used again, per scheme, host and port. One on which anything arrived
// while it was idle (its end, above all) is thrown away before use. A GET, HEAD, PUT or DELETE
// (idempotent: RFC 9110, 9.2.2) whose kept connection breaks without one byte of an answer is sent
// once more on a new one; a POST never is, for it may have been carried out.

#include <memory>
#include <string>

#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::os {

struct TransportOptions {
  // PEM file of certificate authorities. Empty: SSL_CERT_FILE, else the system's usual places.
  std::string ca_bundle = {};
  std::size_t idle_per_origin_max = 8;
  // Below what GitHub, AWS and load balancers allow, so that it is us who close.
  Millis idle_max{20'000};
};

// Constructing one ignores SIGPIPE for the process: OpenSSL writes without MSG_NOSIGNAL.
class BeastTransport final : public HttpTransport {
 public:
  // clock: a real one.
  explicit BeastTransport(Clock& clock, TransportOptions options = {});
  ~BeastTransport() override;

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override;

 private:
  class Impl;
  Clock& clock_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::os
