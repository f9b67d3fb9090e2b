#include "os/http_server.h"

#include <atomic>
#include <exception>
#include <optional>

#include "os/connection_limits.h"
#include "os/forwarded.h"
#include "os/http_session.h"
#include "os/server_tls.h"
#include "os/system_clock.h"
#include "os/threads.h"
#include "os/worker_pool.h"

namespace mayfly::os {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr Millis k_accept_pause{100};

struct Net {
  asio::io_context io{1};
  // Every socket may be waiting for a worker, with nothing for io to do: it must not return then.
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
};

// A failed handler of one connection must not end the others'.
void run_io(asio::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception&) {
    }
  }
}

HttpResponse call(HttpService& service, const HttpServerOptions& options,
                  const HttpRequest& request) {
  try {
    return service.handle(request);
  } catch (const std::exception&) {
    return error_response(options, Error{Code::internal, "the request could not be handled"});
  }
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpService& service, HttpServerOptions options)
      : service_(service),
        options_(std::move(options)),
        submit_([this](HttpRequest request, Respond respond) {
          return submit(std::move(request), std::move(respond));
        }),
        workers_("http-worker", options_.workers, options_.queue_max) {}

  Status listen() {
    if (options_.tls) {
      TRY_ASSIGN(tls_, ServerTls::load(*options_.tls));
    }
    try {
      const tcp::endpoint at(asio::ip::make_address(options_.address), options_.port);
      net_->acceptor.open(at.protocol());
      net_->acceptor.set_option(asio::socket_base::reuse_address(true));
      net_->acceptor.bind(at);
      net_->acceptor.listen();
      port_ = net_->acceptor.local_endpoint().port();
    } catch (const boost::system::system_error& e) {
      return fail(Code::config_invalid, "cannot listen on " + options_.address + " port " +
                                            std::to_string(options_.port) + ": " +
                                            e.code().message());
    }
    accept();
    io_thread_.emplace("http-io", [this] { run_io(net_->io); });
    return {};
  }

  std::uint16_t port() const { return port_; }

  void stop() {
    if (!net_) return;
    is_stopping_ = true;
    net_->io.stop();
    if (io_thread_) io_thread_->join();
    workers_.stop();
    net_.reset();  // with every session, and so every connection
  }

 private:
  bool submit(HttpRequest request, Respond respond) {
    return workers_.try_submit([this, request = std::move(request), respond = std::move(respond)] {
      respond(call(service_, options_, request));
    });
  }

  void accept() {
    is_accepting_ = true;
    net_->acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later();
      begin(std::move(socket));
      is_accepting_ = !limits_.is_full();
      if (is_accepting_) accept();
    });
  }

  // Out of descriptors, most likely: trying at once would only spin.
  void accept_later() {
    net_->pause.expires_after(k_accept_pause);
    net_->pause.async_wait([this](boost::system::error_code error) {
      if (!error) accept();
    });
  }

  void begin(tcp::socket socket) {
    ServerStream plain(std::move(socket));
    const IpAddress peer = plain.peer();
    const bool is_exempt = (options_.is_loopback_exempt && is_in_any(loopback_, peer)) ||
                           is_in_any(options_.trusted_proxies, peer);
    const IpNetwork prefix = prefix_of(peer);
    if (!limits_.admit(prefix, is_exempt)) return;
    std::shared_ptr<void> permit(
        nullptr, [this, prefix, is_exempt](void*) { on_closed(prefix, is_exempt); });
    if (tls_) {
      refresh_certificate();
      if (!plain.expect_tls(tls_->accepting())) return;
    }
    std::make_shared<HttpSession>(std::move(plain), options_, submit_, large_bodies_,
                                  std::move(permit))
        ->start();
  }

  void refresh_certificate() {
    const auto read = tls_->refresh(clock_.steady());
    if (read && options_.on_certificate) options_.on_certificate(*read);
  }

  void on_closed(const IpNetwork& prefix, bool is_exempt) {
    limits_.release(prefix, is_exempt);
    if (is_stopping_ || is_accepting_) return;
    // Not at once: the session that goes away still holds its socket.
    is_accepting_ = true;
    asio::post(net_->io, [this] { accept(); });
  }

  HttpService& service_;
  const HttpServerOptions options_;
  const Submit submit_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_stopping_ = false;
  // Of the io thread, once it runs:
  ConnectionLimits limits_{options_.connections_max, options_.connections_per_prefix_max};
  const std::vector<IpNetwork> loopback_ = {*parse_network("127.0.0.0/8"), *parse_network("::1")};
  SystemClock clock_;
  std::optional<ServerTls> tls_;
  LargeBodyCount large_bodies_ = 0;
  bool is_accepting_ = false;
  std::unique_ptr<Net> net_ = std::make_unique<Net>();
  WorkerPool workers_;
  std::optional<NamedThread> io_thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpService& service,
                                                      HttpServerOptions options) {
  MAYFLY_CHECK(options.on_error && options.workers > 0 && options.connections_max > 0);
  auto impl = std::make_unique<Impl>(service, std::move(options));
  TRY(impl->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const { return impl_->port(); }

void HttpServer::stop() { impl_->stop(); }

}  // namespace mayfly::os
