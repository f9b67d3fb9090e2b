#pragma once

// An HTTP/1.1 server for strangers, over TLS where it is given a certificate. One thread does all
// socket work asynchronously, so that a slow client costs a socket and never a worker; a request is
// handed to a worker only when it has arrived whole, and its answer is written back by the socket
// thread. The next request of a connection is not read before the last one's answer has been taken,
// so what waits for slow readers is one answer a connection, for write_timeout at most.
//
// A connection beyond its prefix's allowance (connection_limits.h) is closed without a word. What
// counts there is the socket's own peer; HttpRequest::peer is whom trusted proxies name instead
// (forwarded.h). Loopback and trusted proxies are exempt: they limit their own callers.
//
// Everything is bounded by the options. Errors that the service never sees are worded by on_error:
//   bad_request_line   not HTTP, two lengths, Content-Length with Transfer-Encoding, no Host
//   headers_too_large, body_too_large, request_timeout
//   overloaded         queue full: answered at once, with Retry-After
//   internal           the service threw
// Bodies may be chunked; trailers are dropped. Expect: 100-continue is honoured. HEAD is handled as
// GET and answered without a body. HTTP/1.0 is answered and closed.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly::os {

// PEM. The certificate is followed by those that lead to its authority; the key has no password. A
// change is noticed at the first connection that comes more than look_every after the last look.
struct TlsFiles {
  std::string certificate;
  std::string key;
  Millis look_every{2'000};
};

// One path that takes longer bodies than the others do, from so many requests at once; further ones
// are told at once to come again (overloaded), so that strangers cannot fill the memory through it.
struct LargeBodies {
  std::string path;
  std::uint64_t bytes_max = 0;
  std::size_t at_once = 32;
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
  std::uint16_t port = 0;             // 0: the system picks one
  std::size_t workers = 8;
  std::size_t queue_max = 64;          // requests that wait for a worker
  std::size_t connections_max = 1024;  // at the limit no more are accepted until one closes
  std::size_t connections_per_prefix_max = 64;
  std::size_t requests_per_connection_max = 100;
  std::uint32_t header_bytes_max = 8 * 1024;
  std::uint64_t body_bytes_max = 64 * 1024;
  std::optional<LargeBodies> large_bodies = {};
  Millis read_timeout{5'000};    // from a request's first byte to its last
  Millis idle_timeout{10'000};   // until a request's first byte, the TLS handshake included
  Millis write_timeout{10'000};  // for a whole answer
  std::vector<IpNetwork> trusted_proxies = {};
  bool is_loopback_exempt = true;
  std::optional<TlsFiles> tls = {};  // none: plain
  // Told when the certificate's files have changed: that the new one is used, or why the old one
  // still is. On the socket thread.
  std::function<void(const Status&)> on_certificate = {};
  // The body and headers of an error. Required; called from several threads at once.
  std::function<HttpResponse(const Error&)> on_error = {};
};

class HttpServer {
 public:
  // Listens and serves at once. service must outlive the server. Code::config_invalid when the
  // address cannot be listened on or the certificate cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(HttpService& service,
                                                                 HttpServerOptions options);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  [[nodiscard]] std::uint16_t port() const;
  // Closes the listener and every connection, and waits for the calls of the service that are
  // running; their answers are dropped. May be called again.
  void stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly::os
