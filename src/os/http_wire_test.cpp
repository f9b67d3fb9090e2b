#include "os/http_wire.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

using namespace os;

Destination destination(std::string_view url = "http://api.example/x") {
  const auto out = parse_destination(url);
  REQUIRE(out);
  return *out;
}

std::string bytes_of(const HttpRequest& request) {
  const auto out = request_bytes(request, destination());
  REQUIRE(out);
  return *out;
}

TEST_CASE("wire: a URL is taken apart into where to and what") {
  const Destination plain = destination("http://API.example/path?q=1");
  CHECK(plain.origin == Origin{"http", "api.example", "80"});
  CHECK(plain.authority == "api.example");
  CHECK(plain.target == "/path?q=1");
  CHECK(destination("https://a.b").target == "/");
  CHECK(destination("https://a.b").origin.port == "443");
  CHECK(destination("https://a.b:443").authority == "a.b");
  CHECK(destination("https://a.b:80?x").authority == "a.b:80");
  CHECK(destination("https://a.b:80?x").target == "/?x");
  CHECK(destination("http://[fd00:ec2::254]:81/x").origin.host == "fd00:ec2::254");
  CHECK(destination("http://[fd00:ec2::254]:81/x").authority == "[fd00:ec2::254]:81");
}

TEST_CASE("wire: a URL with two readings, or none, is refused") {
  for (const std::string_view url :
       {"", "a.b", "ftp://a.b/", "http://", "http:///x", "http://u@a.b/", "http://a.b:0/",
        "http://a.b:65536/", "http://a.b:x/", "http://a.b:/", "http://[::1/", "http://[::1]x/",
        "http://a.b/ x", "http://a.b/\r\nX: y", "http://a.b/#f", "http://a.b\\@c/", "http://a::b/",
        "http://a.b/\x80"}) {
    CAPTURE(url);
    CHECK(!parse_destination(url));
  }
}

TEST_CASE("wire: a request has a Host, and a length where there may be a body") {
  CHECK(bytes_of({}) == "GET /x HTTP/1.1\r\nHost: api.example\r\n\r\n");
  CHECK(bytes_of({.method = "POST", .url = "", .headers = {}, .body = ""}) ==
        "POST /x HTTP/1.1\r\nHost: api.example\r\nContent-Length: 0\r\n\r\n");
  CHECK(bytes_of({.method = "PUT", .url = "", .headers = {{"host", "h"}}, .body = "ab"}) ==
        "PUT /x HTTP/1.1\r\nhost: h\r\nContent-Length: 2\r\n\r\nab");
}

TEST_CASE("wire: the caller's headers cannot change the framing of a request") {
  const HttpRequest request{.method = "POST",
                            .url = "",
                            .headers = {{"content-length", "99"},
                                        {"Transfer-Encoding", "chunked"},
                                        {"Connection", "close"},
                                        {"X-Kept", "yes"}},
                            .body = "ab"};
  CHECK(bytes_of(request) ==
        "POST /x HTTP/1.1\r\nHost: api.example\r\nX-Kept: yes\r\nContent-Length: 2\r\n\r\nab");
}

TEST_CASE("wire: a request that would inject a header is not sent") {
  for (const Header& header :
       {Header{"X", "a\r\nY: b"}, Header{"X\r\nY", "a"}, Header{"", "a"}, Header{"X Y", "a"},
        Header{"X:", "a"}, Header{"X", std::string("a\0b", 3)}, Header{"X", "a\x7f"}}) {
    CAPTURE(header.name);
    HttpRequest request;
    request.headers.add(header.name, header.value);
    const auto bytes = request_bytes(request, destination());
    REQUIRE(!bytes);
    CHECK(bytes.error().code == Code::transport_not_sent);
  }
  CHECK(
      !request_bytes({.method = "GET /evil", .url = "", .headers = {}, .body = ""}, destination()));
}

TEST_CASE("wire: a response is framed by us alone and leaves out what it cannot carry") {
  const HttpResponse response{.status = 200,
                              .headers = {{"Content-Length", "7"},
                                          {"connection", "upgrade"},
                                          {"Location", "a\r\nSet-Cookie: b"},
                                          {"X-Kept", "yes"}},
                              .body = "ab"};
  CHECK(response_bytes(response, {.keep_alive = true}) ==
        "HTTP/1.1 200 OK\r\nX-Kept: yes\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab");
  CHECK(response_bytes(response, {.keep_alive = false, .without_body = true}) ==
        "HTTP/1.1 200 OK\r\nX-Kept: yes\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
}

TEST_CASE("wire: 204 and 304 have neither body nor length") {
  for (const int status : {204, 304}) {
    const std::string bytes = response_bytes({.status = status, .headers = {}, .body = "x"}, {});
    CHECK(bytes.find("Content-Length") == std::string::npos);
    CHECK(bytes.ends_with("\r\n\r\n"));
  }
  CHECK(response_bytes({.status = 299, .headers = {}, .body = ""}, {})
            .starts_with("HTTP/1.1 299 \r\n"));
}

}  // namespace
}  // namespace mayfly
