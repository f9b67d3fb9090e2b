#include "os/tls_stream.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "os/certificate_test.h"
#include "os/http_transport.h"
#include "os/loopback_test.h"

namespace mayfly {
namespace {

using namespace os;

enum class Ending { announced, cut };

// Speaks TLS and answers every request of a connection with "hello"; the second half of the answer
// comes only with the end of the connection where `until_end` says so.
class TlsServer {
 public:
  explicit TlsServer(const Certificate& certificate, int version_max = TLS1_3_VERSION,
                     std::optional<Ending> until_end = std::nullopt)
      : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free),
        until_end_(until_end),
        server_([this](RawConnection& connection, int) { serve(connection); }) {
    SSL_CTX_use_certificate(context_.get(), certificate.x509());
    SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
  }

  [[nodiscard]] std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(server_.port()) + "/";
  }
  [[nodiscard]] int connections() const { return server_.connections(); }

 private:
  void serve(RawConnection& connection) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl.get(), connection.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    char buffer[4096];
    while (SSL_read(ssl.get(), buffer, sizeof buffer) > 0) {
      const std::string answer = until_end_ ? "HTTP/1.1 200 OK\r\n\r\nhello"
                                            : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
      SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
      if (until_end_ == Ending::announced) SSL_shutdown(ssl.get());
      if (until_end_) return;
    }
  }

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  const std::optional<Ending> until_end_;
  ScriptedServer server_;
};

Result<HttpResponse> get(BeastTransport& transport, const std::string& url,
                         Millis limit = k_patience) {
  SystemClock clock;
  return transport.send({.method = "GET", .url = url, .headers = {}, .body = ""},
                        clock.steady() + limit);
}

Result<HttpResponse> get(const std::string& ca_bundle, const std::string& url) {
  SystemClock clock;
  BeastTransport transport(clock, {.ca_bundle = ca_bundle});
  return get(transport, url);
}

void check_not_sent(const Result<HttpResponse>& response, const std::string& why) {
  REQUIRE(!response);
  CAPTURE(response.error().message);
  CHECK(response.error().code == Code::transport_not_sent);
  CHECK(response.error().message.find(why) != std::string::npos);
}

TEST_CASE("tls: a host with a certificate for its name or address is talked to") {
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server(certificate, version);
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      const auto response = get(certificate.path(), server.url(host));
      REQUIRE(response);
      CHECK(response->body == "hello");
    }
  }
}

TEST_CASE("tls: connections are kept, session tickets notwithstanding") {
  const Certificate certificate("DNS:localhost");
  TlsServer server(certificate);
  SystemClock clock;
  BeastTransport transport(clock, {.ca_bundle = certificate.path()});
  for (int i = 0; i < 3; ++i) CHECK(get(transport, server.url("localhost")));
  CHECK(server.connections() == 1);
}

TEST_CASE("tls: another name, another authority or another time refuses the host, before sending") {
  const Certificate other_name("DNS:example.com,DNS:*.localhost");
  TlsServer misnamed(other_name);
  check_not_sent(get(other_name.path(), misnamed.url("localhost")), "hostname mismatch");
  check_not_sent(get(other_name.path(), misnamed.url("127.0.0.1")), "IP address mismatch");

  const Certificate right("DNS:localhost");
  const Certificate stranger("DNS:localhost");
  TlsServer server(right);
  check_not_sent(get(stranger.path(), server.url("localhost")), "certificate refused");

  const Certificate expired("DNS:localhost", -7200, -3600);
  TlsServer late(expired);
  check_not_sent(get(expired.path(), late.url("localhost")), "expired");
}

TEST_CASE("tls: versions before 1.2 are refused") {
  const Certificate certificate("DNS:localhost");
  TlsServer old(certificate, TLS1_1_VERSION);
  check_not_sent(get(certificate.path(), old.url("localhost")), "TLS handshake");
}

TEST_CASE("tls: an end that was not announced is a lost answer, an announced one is its end") {
  const Certificate certificate("DNS:localhost");
  TlsServer announced(certificate, TLS1_3_VERSION, Ending::announced);
  const auto whole = get(certificate.path(), announced.url("localhost"));
  REQUIRE(whole);
  CHECK(whole->body == "hello");
  TlsServer cut(certificate, TLS1_3_VERSION, Ending::cut);
  const auto lost = get(certificate.path(), cut.url("localhost"));
  REQUIRE(!lost);
  CHECK(lost.error().code == Code::transport_lost);
}

TEST_CASE("tls: the deadline ends a handshake that nobody answers") {
  std::atomic<bool> is_over = false;
  const Certificate certificate("DNS:localhost");
  ScriptedServer mute([&is_over](RawConnection&, int) {
    CHECK(eventually([&is_over] { return is_over.load(); }));
  });
  SystemClock clock;
  BeastTransport transport(clock, {.ca_bundle = certificate.path()});
  const std::string url = "https://localhost:" + std::to_string(mute.port()) + "/";
  const SteadyTime start = clock.steady();
  check_not_sent(get(transport, url, Millis{80}), "no progress by the deadline");
  is_over = true;
  CHECK(clock.steady() - start >= Millis{80});
  CHECK(clock.steady() - start < Millis{2000});
}

TEST_CASE("tls: a server that does not speak TLS was sent nothing") {
  ScriptedServer plain([](RawConnection& connection, int) {
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    static_cast<void>(connection.read_until("never"));
  });
  const Certificate certificate("DNS:localhost");
  check_not_sent(get(certificate.path(), "https://localhost:" + std::to_string(plain.port()) + "/"),
                 "TLS handshake");
}

TEST_CASE("tls: a bundle that cannot be used is named") {
  const auto context = TlsContext::make("/nonexistent/bundle.pem");
  REQUIRE(!context);
  CHECK(context.error().message.find("/nonexistent/bundle.pem") != std::string::npos);
}

TEST_CASE("tls: SSL_CERT_FILE names the bundle where none is configured") {
  const Certificate certificate("DNS:localhost");
  TlsServer server(certificate);
  setenv("SSL_CERT_FILE", certificate.path().c_str(), 1);
  CHECK(get("", server.url("localhost")));
  unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace mayfly
