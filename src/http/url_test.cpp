#include "http/url.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("url: a built query reads back as the same parameters") {
  const QueryParameters parameters = {{"a", "1"}, {"b c", "x&y=z+?#%"}, {"é", ""}, {"a", "2"}};
  CHECK(encode_query({{"a", "1"}, {"b", "x y"}}) == "a=1&b=x%20y");
  const auto target = parse_target("/?" + encode_query(parameters));
  REQUIRE(target);
  CHECK(target->query == parameters);
}

TEST_CASE("url: a target is split, and both halves are decoded") {
  const auto target = parse_target("/v1/leases/l%2D1?wait=online&flag&x=%20");
  REQUIRE(target);
  CHECK(target->path == "/v1/leases/l-1");
  CHECK(target->parameter("wait") == "online");
  CHECK(target->parameter("flag") == "");
  CHECK(target->parameter("x") == " ");
  CHECK_FALSE(target->parameter("none"));
}

TEST_CASE("url: of two parameters of one name the first is found") {
  CHECK(parse_target("/?a=1&a=2")->parameter("a") == "1");
}

TEST_CASE("url: an empty query is no query") {
  CHECK(parse_target("/")->query.empty());
  CHECK(parse_target("/?")->query.empty());
}

TEST_CASE("url: a target that two readers could understand differently is refused") {
  for (const char* text : {"",        "v1",     "*",      "http://host/", "//host/x",   "/a//b",
                           "/a/../b", "/a/./b", "/..",    "/%2e%2e/x",    "/a%2f%2fb",  "/a%00b",
                           "/a b",    "/a\tb",  "/a\x7f", "/\xc3\xa9",    "/a#b",       "/%",
                           "/%4",     "/%zz",   "/?a=%",  "/?=1",         "/?a=1&&b=2", "/?&"})
    CHECK_FALSE_MESSAGE(parse_target(text), text);
}

TEST_CASE("url: a target may have 2048 bytes and no more") {
  CHECK(parse_target("/" + std::string(2047, 'a')));
  CHECK_FALSE(parse_target("/" + std::string(2048, 'a')));
}

TEST_CASE("url: a URL is split into what a client needs") {
  const auto url = parse_url("HTTPS://API.GitHub.com/repos/a?page=2");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "api.github.com");
  CHECK(url->port == "443");
  CHECK(url->target == "/repos/a?page=2");
  CHECK(url->authority() == "api.github.com");
}

TEST_CASE("url: the port shows in the authority only where it is unusual") {
  CHECK(parse_url("http://h")->authority() == "h");
  CHECK(parse_url("http://h:80")->authority() == "h");
  CHECK(parse_url("http://h:443")->authority() == "h:443");
  CHECK(parse_url("https://h:8443/")->authority() == "h:8443");
}

TEST_CASE("url: without a path the target is the root") {
  CHECK(parse_url("http://h")->target == "/");
  CHECK(parse_url("http://h?a=1")->target == "/?a=1");
}

TEST_CASE("url: an IPv6 address stands in brackets") {
  const auto url = parse_url("http://[::1]:8080/x");
  REQUIRE(url);
  CHECK(url->host == "::1");
  CHECK(url->port == "8080");
  CHECK(url->authority() == "[::1]:8080");
  CHECK(parse_url("http://[FE80::1]")->authority() == "[fe80::1]");
}

TEST_CASE("url: user info, fragments, other schemes and broken hosts are refused") {
  for (const char* text : {"",
                           "host/path",
                           "ftp://h/",
                           "file:///etc/passwd",
                           "http://",
                           "http:///x",
                           "http://:80/",
                           "http://u@h/",
                           "http://u:p@h/",
                           "http://h/#f",
                           "http://h\\x",
                           "http://h/a b",
                           "http://h:0/",
                           "http://h:65536/",
                           "http://h:/",
                           "http://h:8a/",
                           "http://h:-1/",
                           "http://::1/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[]/",
                           "http://[a]/",
                           "http://[[::1]/",
                           "http://[::1%25eth0]/",
                           "http://a[b/",
                           "http://a]/",
                           "//h/x"})
    CHECK_FALSE_MESSAGE(parse_url(text), text);
}

TEST_CASE("url: an at sign in the path is no user info") {
  CHECK(parse_url("http://h/@me")->host == "h");
}

}  // namespace
}  // namespace mayfly
