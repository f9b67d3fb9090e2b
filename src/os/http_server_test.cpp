#include "os/http_server.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <mutex>

#include "os/loopback_test.h"

namespace mayfly {
namespace {

using namespace os;

// Answers with what it was asked; "/hold" waits for the gate, "/throw" throws.
class TestService final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    if (request.url == "/throw") throw std::runtime_error("secret detail");
    if (request.url == "/hold") {
      ++held;
      CHECK(eventually([this] { return is_open.load(); }));
    }
    const std::lock_guard lock(mutex_);
    last_ = request;
    return {.status = 200,
            .headers = {{"Content-Type", "text/plain"}},
            .body = request.method + " " + request.url + " " + request.body};
  }

  HttpRequest last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  std::atomic<bool> is_open = false;
  std::atomic<int> held = 0;

 private:
  std::mutex mutex_;
  HttpRequest last_;
};

HttpResponse name_of(const Error& error) {
  const CodeInfo& code = info(error.code);
  return {.status = code.http_status, .headers = {}, .body = std::string(code.name)};
}

struct Server {
  explicit Server(HttpServerOptions options = {}) {
    options.on_error = name_of;
    auto started = HttpServer::start(service, std::move(options));
    MAYFLY_CHECK(started.has_value());
    server = std::move(*started);
  }
  ~Server() { service.is_open = true; }

  RawConnection connect() { return RawConnection::to(server->port()); }
  // What a connection that only ever sends these bytes gets, to its end.
  std::string answer_to(std::string_view bytes) {
    RawConnection connection = connect();
    connection.send(bytes);
    shutdown(connection.fd(), SHUT_WR);
    return connection.read_all();
  }

  TestService service;
  std::unique_ptr<HttpServer> server;
};

bool is_refusal(const std::string& answer, int status, const std::string& name) {
  CAPTURE(answer);
  CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n" + name));
  return true;
}

constexpr std::string_view k_get = "GET /x?y=1 HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_CASE("server: a request reaches the service whole, with its peer") {
  Server server;
  RawConnection connection = server.connect();
  connection.send(
      "POST /p?q=%20 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\n");
  connection.send("bo");
  connection.send("dy");
  const std::string answer = connection.read_message();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.ends_with("\r\n\r\nPOST /p?q=%20 body"));
  const HttpRequest seen = server.service.last();
  CHECK(seen.peer == "127.0.0.1");
  CHECK(seen.headers.count("X-A") == 2);
}

TEST_CASE("server: pipelined requests are answered in order, garbage behind them with 400") {
  Server server;
  const std::string answer =
      server.answer_to(std::string(k_get) + "GET /second HTTP/1.1\r\nHost: h\r\n\r\n" +
                       "\x16\x03\x01 this is not HTTP\r\n\r\n");
  const std::size_t first = answer.find("GET /x?y=1");
  const std::size_t second = answer.find("GET /second");
  const std::size_t third = answer.find("HTTP/1.1 400 ");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third != std::string::npos);
}

TEST_CASE("server: a chunked body is put together, and its trailers are not headers") {
  Server server;
  RawConnection connection = server.connect();
  connection.send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trusted: yes\r\n\r\n");
  CHECK(connection.read_message().ends_with("POST / abcde"));
  CHECK(!server.service.last().headers.find("X-Trusted"));
}

TEST_CASE("server: a request that two readers could frame differently is refused") {
  Server server;
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string headers :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: +2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Host: other\r\n",
        "Content-Length : 2\r\n", "Expect: 200-ok\r\n"}) {
    CAPTURE(headers);
    CHECK(is_refusal(server.answer_to(post + headers + "\r\nab"), 400, "bad-request"));
  }
  CHECK(is_refusal(server.answer_to("GET / HTTP/1.1\r\n\r\n"), 400, "bad-request"));
  CHECK(
      is_refusal(server.answer_to("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                 400, "bad-request"));
}

TEST_CASE("server: headers and bodies over their limit get their own codes") {
  Server server;
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string large(9 * 1024, 'x');
  CHECK(is_refusal(server.answer_to(head + "X: " + large + "\r\n\r\n"), 431, "headers-too-large"));
  CHECK(is_refusal(server.answer_to("GET /" + large + large + large), 431, "headers-too-large"));
  CHECK(
      is_refusal(server.answer_to(head + "Content-Length: 65537\r\n\r\n"), 413, "body-too-large"));
  CHECK(is_refusal(server.answer_to(head + "Transfer-Encoding: chunked\r\n\r\n10001\r\n"), 413,
                   "body-too-large"));
  RawConnection connection = server.connect();
  connection.send(head + "Content-Length: 65536\r\n\r\n" + std::string(65536, 'x'));
  CHECK(connection.read_message().size() > 65536);
}

TEST_CASE("server: a client that sends on still gets the answer that refuses its body") {
  Server server;
  RawConnection connection = server.connect();
  connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  for (int i = 0; i < 50; ++i) connection.send(std::string(10'000, 'x'));
  CHECK(is_refusal(connection.read_message(), 413, "body-too-large"));
}

TEST_CASE("server: Expect: 100-continue is answered before the body, or refused instead") {
  Server server;
  RawConnection connection = server.connect();
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n";
  connection.send(head + "Content-Length: 2\r\n\r\n");
  CHECK(connection.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("ab");
  CHECK(connection.read_message().ends_with("POST / ab"));
  connection.send(head + "Content-Length: 65537\r\n\r\n");
  CHECK(is_refusal(connection.read_message(), 413, "body-too-large"));
}

TEST_CASE("server: HEAD is handled as GET, and answered with its length only") {
  Server server;
  RawConnection connection = server.connect();
  connection.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = connection.read_until("\r\n\r\n");
  CHECK(head.find("Content-Length: 7\r\n") != std::string::npos);
  connection.send(k_get);
  CHECK(connection.read_message().starts_with("HTTP/1.1 200 OK"));  // nothing in between
  CHECK(server.service.last().method == "GET");
}

TEST_CASE("server: HTTP/1.0 and Connection: close are answered and closed") {
  Server server;
  for (const std::string request :
       {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}) {
    RawConnection connection = server.connect();
    connection.send(request);
    const std::string answer = connection.read_message();
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Connection: close") != std::string::npos);
    CHECK(connection.is_at_end());
  }
}

TEST_CASE("server: a connection has its number of requests and no more") {
  Server server({.requests_per_connection_max = 3});
  RawConnection connection = server.connect();
  for (int i = 1; i <= 3; ++i) {
    connection.send(k_get);
    const bool is_last = connection.read_message().find("Connection: close") != std::string::npos;
    CHECK(is_last == (i == 3));
  }
  CHECK(connection.is_at_end());
}

TEST_CASE("server: a slow client is cut off by the deadline while others are served") {
  Server server({.workers = 1, .read_timeout = Millis{120}});
  RawConnection slow = server.connect();
  RawConnection slow_body = server.connect();
  slow.send("GET / HT");
  slow_body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
  SystemClock clock;
  const SteadyTime start = clock.steady();
  RawConnection quick = server.connect();
  while (clock.steady() < start + Millis{100}) {
    slow.send("T");  // progress does not extend the deadline
    quick.send(k_get);
    CHECK(quick.read_message().starts_with("HTTP/1.1 200 OK"));
    clock.sleep_for(Millis{10});
  }
  CHECK(is_refusal(slow.read_message(), 408, "request-timeout"));
  CHECK(is_refusal(slow_body.read_message(), 408, "request-timeout"));
  CHECK(clock.steady() < start + Millis{2000});
}

TEST_CASE("server: an idle connection is closed without a word") {
  Server server({.idle_timeout = Millis{40}});
  RawConnection silent = server.connect();
  RawConnection used = server.connect();
  used.send(k_get);
  CHECK(used.read_message().starts_with("HTTP/1.1 200 OK"));
  CHECK(silent.is_at_end());
  CHECK(used.is_at_end());
}

TEST_CASE("server: a client that does not read its answer is cut off") {
  Server server({.connections_max = 1, .write_timeout = Millis{50}});
  RawConnection deaf = server.connect();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x');
  // Far more than the socket buffers hold: ends when the server gives the connection up.
  for (int i = 0; i < 2000 && deaf.send(request); ++i) {
  }
  RawConnection next = server.connect();
  next.send(k_get);
  CHECK(next.read_message().starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("server: a full queue is answered at once, with a time to come back") {
  Server server({.workers = 1, .queue_max = 1});
  RawConnection running = server.connect();
  RawConnection queued = server.connect();
  const std::string hold = "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n";
  running.send(hold);
  CHECK(eventually([&] { return server.service.held == 1; }));
  queued.send(hold);
  RawConnection refused = server.connect();
  std::string answer;
  CHECK(eventually([&] {  // the queued one may not have been read yet
    refused = server.connect();
    refused.send(hold);
    pollfd entry{refused.fd(), POLLIN, 0};
    return poll(&entry, 1, 200) > 0;
  }));
  answer = refused.read_message();
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  CHECK(answer.ends_with("overloaded"));
  server.service.is_open = true;
  CHECK(running.read_message().starts_with("HTTP/1.1 200 OK"));
  CHECK(queued.read_message().starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("server: a service that throws costs its own request only") {
  Server server;
  RawConnection connection = server.connect();
  connection.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answer = connection.read_message();
  CHECK(answer.starts_with("HTTP/1.1 500 "));
  CHECK(answer.ends_with("internal"));
  connection.send(k_get);
  CHECK(connection.read_message().starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("server: at the limit a connection waits until another closes") {
  Server server({.connections_max = 2});
  RawConnection first = server.connect();
  RawConnection second = server.connect();
  for (RawConnection* connection : {&first, &second}) {
    connection->send(k_get);
    CHECK(connection->read_message().starts_with("HTTP/1.1 200 OK"));
  }
  RawConnection third = server.connect();  // in the listener's backlog
  third.send(k_get);
  pollfd entry{third.fd(), POLLIN, 0};
  CHECK(poll(&entry, 1, 30) == 0);
  first.close();
  CHECK(third.read_message().starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("server: 200 clients are kept alive at once") {
  Server server;
  std::vector<RawConnection> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(server.connect());
  for (int round = 0; round < 3; ++round) {
    int answered = 0;
    // In batches no larger than the queue, so that none is refused.
    for (std::size_t from = 0; from < clients.size(); from += 50) {
      for (std::size_t i = from; i < from + 50; ++i) clients[i].send(k_get);
      for (std::size_t i = from; i < from + 50; ++i)
        answered += clients[i].read_message().ends_with("GET /x?y=1 ") ? 1 : 0;
    }
    CHECK(answered == 200);
  }
}

TEST_CASE("server: clients that vanish at any moment leave it serving") {
  Server server({.connections_max = 4});
  const std::string request = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t size = 0; size <= request.size(); size += 3) {
    RawConnection reset = server.connect();
    reset.send(request.substr(0, size));
    reset.abort();
    RawConnection closed = server.connect();
    closed.send(request.substr(0, size));
  }
  RawConnection last = server.connect();
  last.send(k_get);
  CHECK(last.read_message().starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("server: stop returns promptly with open connections, and closes them") {
  Server server;
  RawConnection idle = server.connect();
  RawConnection partial = server.connect();
  partial.send("GET / HT");
  RawConnection used = server.connect();
  used.send(k_get);
  CHECK(used.read_message().starts_with("HTTP/1.1 200 OK"));
  SystemClock clock;
  const SteadyTime start = clock.steady();
  server.server->stop();
  CHECK(clock.steady() - start < Millis{1000});
  CHECK(idle.is_at_end());
  CHECK(partial.is_at_end());
  CHECK(used.is_at_end());
  server.server->stop();
}

TEST_CASE("server: stop waits for a call that is running and drops its answer") {
  Server server;
  RawConnection running = server.connect();
  running.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(eventually([&] { return server.service.held == 1; }));
  {
    const NamedThread stopper("stopper", [&server] { server.server->stop(); });
    server.service.is_open = true;
  }
  const std::string answer = running.read_all();
  CHECK((answer.empty() || answer.starts_with("HTTP/1.1 200 OK")));
  CHECK(server.service.last().url == "/hold");
}

TEST_CASE("server: an address that cannot be listened on is named") {
  TestService service;
  for (const std::string address : {"192.0.2.1", "not an address"}) {
    const auto server = HttpServer::start(service, {.address = address, .on_error = name_of});
    REQUIRE(!server);
    CHECK(server.error().code == Code::config_invalid);
    CHECK(server.error().message.find(address) != std::string::npos);
  }
}

}  // namespace
}  // namespace mayfly
