#include "os/http_transport.h"

#include <doctest/doctest.h>

#include "os/http_server.h"
#include "os/loopback_test.h"

namespace mayfly {
namespace {

using namespace os;

constexpr std::string_view k_hello =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello";

struct Client {
  SystemClock clock;
  BeastTransport transport{clock};

  Result<HttpResponse> send(const std::string& method, const std::string& url,
                            Millis limit = k_patience, const std::string& body = "") {
    const HttpRequest request{.method = method, .url = url, .headers = {}, .body = body};
    return transport.send(request, clock.steady() + limit);
  }
  void check_fails(Code code, const std::string& method, const std::string& url,
                   Millis limit = k_patience) {
    const auto response = send(method, url, limit);
    REQUIRE(!response);
    CAPTURE(response.error().message);
    CHECK(response.error().code == code);
  }
};

TEST_CASE("transport: connections are kept and used again") {
  ScriptedServer server([](RawConnection& connection, int) {
    while (!connection.read_message().empty()) connection.send(k_hello);
  });
  Client client;
  for (const std::string method : {"GET", "POST", "DELETE"}) {
    const auto response = client.send(method, server.url("/x?y=1"));
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->body == "hello");
    CHECK(response->headers.find("content-type") == "text/plain");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: what is sent arrives as it is") {
  Client client;
  std::string seen;
  {
    ScriptedServer server([&seen](RawConnection& connection, int) {
      seen = connection.read_message();
      connection.send(
          "HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n");
    });
    const auto response = client.send("POST", server.url("/x"), k_patience, "a=1");
    REQUIRE(response);
    CHECK(response->status == 307);  // not followed
  }
  CHECK(seen.starts_with("POST /x HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(seen.ends_with("\r\nContent-Length: 3\r\n\r\na=1"));
}

TEST_CASE("transport: a kept connection that was closed meanwhile is not used") {
  Client client;
  ScriptedServer server([](RawConnection& connection, int) {
    static_cast<void>(connection.read_message());
    connection.send(k_hello);
  });
  for (int i = 0; i < 3; ++i) {
    REQUIRE(client.send("POST", server.url("/")));
    CHECK(eventually([&] { return server.closed() == i + 1; }));
  }
}

// Closes each connection's second request without an answer.
void answer_only_once(RawConnection& connection, int) {
  static_cast<void>(connection.read_message());
  connection.send(k_hello);
  static_cast<void>(connection.read_message());
}

TEST_CASE("transport: a GET is repeated once when a kept connection breaks; a POST never is") {
  Client client;
  ScriptedServer server(answer_only_once);
  REQUIRE(client.send("GET", server.url("/")));
  CHECK(client.send("GET", server.url("/")));
  CHECK(server.connections() == 2);
  client.check_fails(Code::transport_lost, "POST", server.url("/"));
  CHECK(server.connections() == 2);
}

TEST_CASE("transport: a GET that breaks on a new connection is lost, not repeated") {
  Client client;
  ScriptedServer server(
      [](RawConnection& connection, int) { static_cast<void>(connection.read_message()); });
  client.check_fails(Code::transport_lost, "GET", server.url("/"));
  CHECK(server.connections() == 1);
}

TEST_CASE("transport: an answer that ends early is lost") {
  Client client;
  ScriptedServer server([](RawConnection& connection, int n) {
    static_cast<void>(connection.read_message());
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    if (n % 2 == 1) connection.abort();
  });
  for (int i = 0; i < 4; ++i) client.check_fails(Code::transport_lost, "GET", server.url("/"));
}

TEST_CASE("transport: refused connections, unknown names and bad URLs were not sent") {
  Client client;
  const std::string nobody = "http://127.0.0.1:" + std::to_string(unused_port()) + "/";
  client.check_fails(Code::transport_not_sent, "POST", nobody);
  client.check_fails(Code::transport_not_sent, "GET", "gopher://a.b/");
  client.check_fails(Code::transport_not_sent, "GET", "http://name.invalid/", Millis{300});
  client.check_fails(Code::transport_not_sent, "GET", nobody, Millis{0});
}

TEST_CASE("transport: an error names the other side and the cause") {
  Client client;
  const std::string authority = "127.0.0.1:" + std::to_string(unused_port());
  const auto response = client.send("GET", "http://" + authority + "/secret?token=1");
  REQUIRE(!response);
  CHECK(response.error().message == authority + ": connect: Connection refused");
}

TEST_CASE("transport: the deadline ends a wait for an answer, and for its rest") {
  Client client;
  std::atomic<bool> is_over = false;
  ScriptedServer server([&is_over](RawConnection& connection, int n) {
    static_cast<void>(connection.read_message());
    if (n == 1) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    CHECK(eventually([&is_over] { return is_over.load(); }));
  });
  for (int i = 0; i < 2; ++i) {
    const SteadyTime start = client.clock.steady();
    is_over = false;
    client.check_fails(Code::transport_lost, "GET", server.url("/"), Millis{100});
    CHECK(client.clock.steady() - start >= Millis{100});
    CHECK(client.clock.steady() - start < Millis{2000});
    is_over = true;
    CHECK(eventually([&] { return server.connections() == i + 1; }));
  }
}

TEST_CASE("transport: the deadline ends the sending of a body that nobody reads") {
  Client client;
  std::atomic<bool> is_over = false;
  ScriptedServer server([&is_over](RawConnection&, int) {
    CHECK(eventually([&is_over] { return is_over.load(); }));
  });
  const auto response =
      client.send("POST", server.url("/"), Millis{250}, std::string(6 << 20, 'x'));
  is_over = true;
  REQUIRE(!response);
  CHECK(response.error().code == Code::transport_lost);
}

TEST_CASE("transport: a name with several addresses is served by the one that answers") {
  Client client;
  ScriptedServer server([](RawConnection& connection, int) {
    static_cast<void>(connection.read_message());
    connection.send(k_hello);
  });
  // localhost is ::1 first on many systems; the server listens on 127.0.0.1 only.
  CHECK(client.send("GET", "http://localhost:" + std::to_string(server.port()) + "/"));
}

struct Echo final : HttpService {
  HttpResponse handle(const HttpRequest& request) override {
    return {.status = 200, .headers = {{"X-Method", request.method}}, .body = request.body};
  }
};

TEST_CASE("transport: many threads share one transport, and each gets its own answer") {
  Client client;
  Echo echo;
  auto server =
      HttpServer::start(echo, {.workers = 4, .on_error = [](const Error&) {
                                 return HttpResponse{.status = 500, .headers = {}, .body = ""};
                               }});
  REQUIRE(server);
  const std::string url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/";
  std::atomic<int> right = 0;
  {
    std::vector<NamedThread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back("client", [&, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string body = std::to_string(t) + "/" + std::to_string(i);
          const auto response = client.send("PUT", url, k_patience, body);
          right += response && response->body == body ? 1 : 0;
        }
      });
  }
  CHECK(right == 200);
}

}  // namespace
}  // namespace mayfly
