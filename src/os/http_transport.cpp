#include "os/http_transport.h"

#include <mutex>
#include <optional>

#include "base/text.h"
#include "os/connection_pool.h"
#include "os/http_exchange.h"
#include "os/http_wire.h"
#include "os/signals.h"
#include "os/tcp_connect.h"
#include "os/tls_stream.h"

namespace mayfly::os {
namespace {

bool is_idempotent(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

}  // namespace

class BeastTransport::Impl {
 public:
  Impl(Clock& clock, TransportOptions options)
      : clock_(clock),
        options_(std::move(options)),
        pool_(options_.idle_per_origin_max, options_.idle_max) {}

  Result<HttpResponse> send(const HttpRequest& request, const Destination& destination,
                            const Deadline& deadline) {
    TRY_ASSIGN(const std::string bytes, request_bytes(request, destination));
    if (deadline.has_passed())
      return fail(Code::transport_not_sent, "the deadline had passed before the request was sent");
    const bool is_head = request.method == "HEAD";
    if (auto kept = pool_.take(destination.origin, now())) {
      Exchange first = exchange(*kept, bytes, is_head, deadline);
      const bool may_repeat = !first.response && !first.answer_started &&
                              is_idempotent(request.method) && !deadline.has_passed();
      if (!may_repeat) return finish(std::move(first), std::move(kept), destination.origin);
    }
    TRY_ASSIGN(auto stream, connect(destination.origin, deadline));
    Exchange only = exchange(*stream, bytes, is_head, deadline);
    return finish(std::move(only), std::move(stream), destination.origin);
  }

 private:
  Result<std::unique_ptr<ByteStream>> connect(const Origin& origin, const Deadline& deadline) {
    TRY_ASSIGN(FileDescriptor socket, connect_tcp(origin.host, origin.port, deadline));
    if (origin.scheme == "http") return make_plain_stream(std::move(socket));
    TRY_ASSIGN(const TlsContext context, tls());
    return context.connect(std::move(socket), origin.host, deadline);
  }

  Result<HttpResponse> finish(Exchange done, std::unique_ptr<ByteStream> stream,
                              const Origin& origin) {
    if (done.can_be_reused) pool_.put(origin, std::move(stream), now());
    return std::move(done.response);
  }

  // Made at the first https request: reading the bundle takes tens of milliseconds.
  Result<TlsContext> tls() {
    const std::lock_guard lock(tls_mutex_);
    if (!tls_) {
      TRY_ASSIGN(TlsContext made, TlsContext::make(options_.ca_bundle));
      tls_ = std::move(made);
    }
    return *tls_;
  }

  [[nodiscard]] Instant now() const { return {clock_.steady(), clock_.wall()}; }

  Clock& clock_;
  const TransportOptions options_;
  ConnectionPool pool_;
  std::mutex tls_mutex_;
  std::optional<TlsContext> tls_;
};

BeastTransport::BeastTransport(Clock& clock, TransportOptions options)
    : clock_(clock), impl_(std::make_unique<Impl>(clock, std::move(options))) {
  ignore_broken_pipes();
}

BeastTransport::~BeastTransport() = default;

Result<HttpResponse> BeastTransport::send(const HttpRequest& request, SteadyTime deadline) {
  const auto destination = parse_destination(request.url);
  if (!destination)
    return fail(Code::transport_not_sent, "not an http URL: " + printable(request.url));
  auto response = impl_->send(request, *destination, Deadline(clock_, deadline));
  if (!response) return fail_while(destination->authority, std::move(response).error());
  return response;
}

}  // namespace mayfly::os
