#include "os/server_tls.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>

#include "os/certificate_test.h"
#include "os/http_transport.h"
#include "os/loopback_test.h"

namespace mayfly {
namespace {

using namespace os;

class EchoService final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    ++calls;
    return {.status = 200, .headers = {}, .body = request.body};
  }
  std::atomic<int> calls = 0;
};

// Serves a certificate from two files that a test may replace.
class Server {
 public:
  explicit Server(const Certificate& first, HttpServerOptions options = {}) {
    show(first);
    options.tls = {directory_ + "/c.pem", directory_ + "/k.pem", Millis{0}};
    options.on_error = [](const Error& error) {
      return HttpResponse{.status = info(error.code).http_status, .headers = {}, .body = ""};
    };
    options.on_certificate = [this](const Status& read) {
      const std::lock_guard lock(mutex_);
      told_.push_back(read ? "changed" : read.error().message);
    };
    auto started = HttpServer::start(service, std::move(options));
    REQUIRE_MESSAGE(started.has_value(), started.error().message);
    server_ = std::move(*started);
  }
  ~Server() {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void show(const Certificate& certificate) {
    replace("c.pem", certificate.path());
    replace("k.pem", certificate.key_path());
  }
  // As certbot and others do: a new file takes the name.
  void replace(const std::string& name, const std::string& from) {
    const std::string path = directory_ + "/" + name;
    std::filesystem::copy_file(from, path + ".new");
    std::filesystem::rename(path + ".new", path);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::string url() const {
    return "https://localhost:" + std::to_string(port()) + "/";
  }
  [[nodiscard]] std::vector<std::string> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  EchoService service;

 private:
  static std::string make_directory() {
    std::string path = "/tmp/mayfly-certificates-XXXXXX";
    MAYFLY_CHECK(mkdtemp(path.data()) != nullptr);
    return path;
  }

  std::string directory_ = make_directory();
  std::mutex mutex_;
  std::vector<std::string> told_;
  std::unique_ptr<HttpServer> server_;
};

Result<HttpResponse> post(BeastTransport& transport, const std::string& url, std::string body) {
  SystemClock clock;
  return transport.send({.method = "POST", .url = url, .headers = {}, .body = std::move(body)},
                        clock.steady() + k_patience);
}

// Whether a new connection is shown this certificate.
bool is_shown(const Server& server, const Certificate& certificate) {
  SystemClock clock;
  BeastTransport transport(clock, {.ca_bundle = certificate.path()});
  return post(transport, server.url(), "x").has_value();
}

// A client that believes every certificate.
class Client {
 public:
  explicit Client(std::uint16_t port)
      : connection_(RawConnection::to(port)),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    const timeval patience{5, 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      setsockopt(connection_.fd(), SOL_SOCKET, option, &patience, sizeof patience);
  }

  [[nodiscard]] SSL_CTX* context() { return context_.get(); }
  [[nodiscard]] RawConnection& connection() { return connection_; }
  bool handshake() {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), connection_.fd());
    return SSL_connect(ssl_.get()) == 1;
  }
  bool write(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // To the end, which must be announced.
  std::string read_all() {
    std::string out;
    char bytes[4096];
    int size = 0;
    while ((size = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0)
      out.append(bytes, static_cast<std::size_t>(size));
    CHECK(SSL_get_error(ssl_.get(), size) == SSL_ERROR_ZERO_RETURN);
    return out;
  }

 private:
  RawConnection connection_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

TEST_CASE("server tls: requests of any size are answered, many on one connection") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate);
  SystemClock clock;
  BeastTransport transport(clock, {.ca_bundle = certificate.path()});
  for (const std::size_t size : {0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024}) {
    const auto answer = post(transport, server.url(), std::string(size, 'x'));
    REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
    CHECK(answer->body == std::string(size, 'x'));
  }
}

TEST_CASE("server tls: 1.2 and 1.3 are spoken, nothing before them") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate);
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client(server.port());
    SSL_CTX_set_max_proto_version(client.context(), version);
    CHECK(client.handshake() == (version >= TLS1_2_VERSION));
  }
}

TEST_CASE("server tls: who offers other protocols only is refused") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate);
  for (const std::string offered : {"\x02h2", "\x02h2\x08http/1.1"}) {
    Client client(server.port());
    SSL_CTX_set_alpn_protos(client.context(),
                            reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    CHECK(client.handshake() == (offered.size() > 3));
  }
}

TEST_CASE("server tls: pipelined requests are answered, and the end is announced") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate);
  Client client(server.port());
  REQUIRE(client.handshake());
  client.write(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\noneGET / HTTP/1.0\r\n\r\nmore");
  const std::string answers = client.read_all();
  CHECK(answers.find("\r\n\r\noneHTTP/1.1 200 OK\r\n") != std::string::npos);
  CHECK(server.service.calls == 2);
}

TEST_CASE("server tls: what is not TLS, or a handshake that does not end, is closed unanswered") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate, {.idle_timeout = Millis{100}});
  RawConnection plain = RawConnection::to(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(plain.read_all().find("HTTP/1.1") == std::string::npos);
  RawConnection slow = RawConnection::to(server.port());
  SystemClock clock;
  // A record of 512 bytes with a ClientHello, which never comes whole.
  slow.send("\x16\x03\x01\x02");
  for (int i = 0; i < 5; ++i) {
    slow.send("\x01");
    clock.sleep_for(Millis{10});
  }
  CHECK(slow.read_all().empty());
  CHECK(server.service.calls == 0);
  CHECK(is_shown(server, certificate));
}

TEST_CASE("server tls: a slow request is refused at its deadline, a slow reader cut off") {
  const Certificate certificate("DNS:localhost");
  Server server(certificate,
                {.connections_max = 1, .read_timeout = Millis{50}, .write_timeout = Millis{50}});
  Client slow(server.port());
  REQUIRE(slow.handshake());
  slow.write("POST / HTTP/1.1\r\n");
  CHECK(slow.read_all().starts_with("HTTP/1.1 408 "));
  slow.connection().close();
  Client deaf(server.port());
  REQUIRE(deaf.handshake());
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x');
  for (int i = 0; i < 2000 && deaf.write(request); ++i) {
  }
  CHECK(is_shown(server, certificate));  // there is room for one connection only
}

TEST_CASE("server tls: new files are used from the next connection on") {
  const Certificate first("DNS:localhost");
  const Certificate second("DNS:localhost");
  Server server(first);
  SystemClock clock;
  BeastTransport kept(clock, {.ca_bundle = first.path()});
  REQUIRE(post(kept, server.url(), "x"));
  server.show(second);
  CHECK(is_shown(server, second));
  CHECK_FALSE(is_shown(server, first));
  CHECK(post(kept, server.url(), "x"));
  CHECK(server.told() == std::vector<std::string>{"changed"});
}

TEST_CASE(
    "server tls: new files that cannot be used leave the old in place, and are told of once") {
  const Certificate first("DNS:localhost");
  const Certificate second("DNS:localhost");
  Server server(first);
  server.replace("k.pem", second.key_path());
  for (int i = 0; i < 3; ++i) CHECK(is_shown(server, first));
  REQUIRE(server.told().size() == 1);
  CHECK(server.told()[0].find("k.pem as the certificate's key") != std::string::npos);
  server.replace("c.pem", second.key_path());
  CHECK(is_shown(server, first));
  CHECK(server.told().size() == 2);
  server.replace("c.pem", second.path());
  CHECK(is_shown(server, second));
  CHECK(server.told().back() == "changed");
}

TEST_CASE("server tls: without a certificate and its own key nothing is served") {
  const Certificate one("DNS:localhost");
  const Certificate other("DNS:localhost");
  const std::string missing = "/nonexistent/c.pem";
  const std::string directory = "/tmp";
  struct Row {
    TlsFiles files;
    std::string named;
  };
  for (const Row& row :
       {Row{{missing, one.key_path()}, missing}, Row{{one.path(), missing}, missing},
        Row{{directory, one.key_path()}, directory},
        Row{{one.key_path(), one.key_path()}, one.key_path()},
        Row{{one.path(), other.key_path()}, other.key_path()}}) {
    const auto tls = ServerTls::load(row.files);
    REQUIRE(!tls);
    CHECK(tls.error().code == Code::config_invalid);
    CHECK(tls.error().message.find(row.named) != std::string::npos);
  }
}

}  // namespace
}  // namespace mayfly
