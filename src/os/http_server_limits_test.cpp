// Who may connect how often, whom a request counts as, and clients that are slow on purpose.

#include <doctest/doctest.h>

#include "os/http_server.h"
#include "os/loopback_test.h"

namespace mayfly {
namespace {

using namespace os;

// Answers with the peer.
class PeerService final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    ++calls;
    return {.status = 200, .headers = {}, .body = request.peer};
  }
  std::atomic<int> calls = 0;
};

struct Server {
  explicit Server(HttpServerOptions options) {
    options.on_error = [](const Error& error) {
      return HttpResponse{.status = info(error.code).http_status, .headers = {}, .body = ""};
    };
    auto started = HttpServer::start(service, std::move(options));
    MAYFLY_CHECK(started.has_value());
    server = std::move(*started);
  }
  RawConnection connect(const std::string& source = "127.0.0.1") {
    return RawConnection::to(server->port(), source);
  }

  PeerService service;
  std::unique_ptr<HttpServer> server;
};

constexpr std::string_view k_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::string peer_seen(RawConnection connection, const std::string& headers = "") {
  connection.send("GET / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
  const std::string answer = connection.read_message();
  const std::size_t body = answer.find("\r\n\r\n");
  return body == answer.npos ? "none" : answer.substr(body + 4);
}

std::string post_of(const std::string& path, std::size_t bytes) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) +
         "\r\n\r\n";
}

HttpServerOptions with_large_bodies(std::size_t at_once) {
  HttpServerOptions options;
  options.body_bytes_max = 100;
  options.large_bodies = LargeBodies{"/large", 100'000, at_once};
  return options;
}

TEST_CASE("server: one path takes longer bodies, and no other does") {
  Server server(with_large_bodies(1));
  for (int i = 0; i < 3; ++i) {  // one after the other there is always room
    RawConnection connection = server.connect();
    connection.send(post_of("/large", 100'000) + std::string(100'000, 'x'));
    CHECK(connection.read_message().starts_with("HTTP/1.1 200"));
  }
  for (const std::string& request :
       {post_of("/large", 100'001), post_of("/large/", 101), post_of("/", 101)}) {
    RawConnection connection = server.connect();
    connection.send(request);
    CHECK_MESSAGE(connection.read_message().starts_with("HTTP/1.1 413"), request);
  }
  RawConnection chunked = server.connect();
  chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
               std::string(0x65, 'x'));
  CHECK(chunked.read_message().starts_with("HTTP/1.1 413"));
  CHECK(server.service.calls == 3);
}

TEST_CASE("server: so many long bodies at once, and who comes after them is told to come again") {
  Server server(with_large_bodies(2));
  RawConnection first = server.connect();
  RawConnection second = server.connect();
  for (RawConnection* connection : {&first, &second}) connection->send(post_of("/large", 101));
  const auto third = [&] {
    RawConnection connection = server.connect();
    connection.send(post_of("/large", 101) + std::string(101, 'x'));
    return connection.read_message();
  };
  // Once the server has read both heads.
  CHECK(eventually([&] { return third().starts_with("HTTP/1.1 503"); }));
  RawConnection small = server.connect();
  small.send(post_of("/large", 100) + std::string(100, 'x'));
  CHECK(small.read_message().starts_with("HTTP/1.1 200"));
  first.send(std::string(101, 'x'));
  CHECK(first.read_message().starts_with("HTTP/1.1 200"));
  CHECK(third().starts_with("HTTP/1.1 200"));
}

TEST_CASE("server: a prefix has its connections, and who is beyond them is closed at once") {
  Server server({.connections_per_prefix_max = 2, .is_loopback_exempt = false});
  RawConnection first = server.connect("127.0.1.1");
  RawConnection second = server.connect("127.0.1.2");
  for (RawConnection* connection : {&first, &second}) {
    connection->send(k_get);
    CHECK(connection->read_message().starts_with("HTTP/1.1 200 OK"));
  }
  const int calls = server.service.calls;
  CHECK(server.connect("127.0.1.3").is_at_end());
  CHECK(server.service.calls == calls);
  CHECK(peer_seen(server.connect("127.0.2.1")) == "127.0.2.1");
  first.close();
  CHECK(eventually([&] { return peer_seen(server.connect("127.0.1.3")) == "127.0.1.3"; }));
}

TEST_CASE("server: loopback and trusted proxies have as many connections as there are") {
  for (const bool is_loopback_exempt : {true, false}) {
    HttpServerOptions options{.connections_per_prefix_max = 1};
    options.is_loopback_exempt = is_loopback_exempt;
    if (!is_loopback_exempt) options.trusted_proxies = {parse_network("127.0.0.0/8").value()};
    Server server(std::move(options));
    std::vector<RawConnection> connections;
    for (int i = 0; i < 5; ++i) connections.push_back(server.connect("127.0.3.1"));
    for (RawConnection& connection : connections)
      CHECK(peer_seen(std::move(connection)) == "127.0.3.1");
  }
}

TEST_CASE("server: a trusted proxy alone is believed about whom a request comes from") {
  Server server({.trusted_proxies = {parse_network("127.0.0.2").value()}});
  const std::string header = "X-Forwarded-For: 6.6.6.6, 198.51.100.1\r\n";
  CHECK(peer_seen(server.connect("127.0.0.2"), header) == "198.51.100.1");
  CHECK(peer_seen(server.connect("127.0.0.3"), header) == "127.0.0.3");
  CHECK(peer_seen(server.connect("127.0.0.2")) == "127.0.0.2");
}

TEST_CASE("server: 200 dripping clients cost no worker, and are cut off at their deadline") {
  Server server({.workers = 1, .queue_max = 1, .read_timeout = Millis{400}});
  std::vector<RawConnection> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(server.connect());
  RawConnection honest = server.connect();
  for (const char c : std::string_view("GET / HT")) {
    for (RawConnection& connection : slow) connection.send(std::string_view(&c, 1));
    honest.send(k_get);
    CHECK(honest.read_message().starts_with("HTTP/1.1 200 OK"));
  }
  for (RawConnection& connection : slow)
    CHECK(connection.read_message().starts_with("HTTP/1.1 408 "));
  CHECK(server.service.calls == 8);
}

}  // namespace
}  // namespace mayfly
