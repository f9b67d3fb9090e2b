#pragma once

// The seam to the network as a client. An Error is a failure outside HTTP only: a status of 500 is
// a response. The two failures differ in what the caller may do:
//   Code::transport_not_sent  nothing reached the other side (DNS, connect, TLS): safe to repeat
//   Code::transport_lost      the request may have been carried out; only its answer is missing
// Thread rule: callable from many threads at once. Blocks until the answer or the deadline.

#include "base/result.h"
#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly {

class HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport() = default;

  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request,
                                                  SteadyTime deadline) = 0;
};

}  // namespace mayfly
