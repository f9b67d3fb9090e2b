#include "os/forwarded.h"

#include <doctest/doctest.h>

namespace mayfly::os {
namespace {

std::string client(const std::string& peer, const Headers& headers) {
  const std::vector<IpNetwork> trusted = {parse_network("127.0.0.1").value(),
                                          parse_network("10.0.0.0/8").value()};
  return to_string(client_address(parse_ip(peer).value(), headers, trusted));
}

std::string client(const std::string& peer, const std::string& list) {
  return client(peer, Headers{{"X-Forwarded-For", list}});
}

TEST_CASE("forwarded: who is no trusted proxy is the caller, whatever it says") {
  CHECK(client("192.0.2.1", "198.51.100.1") == "192.0.2.1");
  CHECK(client("192.0.2.1", "127.0.0.1") == "192.0.2.1");
  CHECK(client("::1", "198.51.100.1") == "::1");
}

TEST_CASE("forwarded: the caller is the right-most address that is no trusted proxy") {
  CHECK(client("127.0.0.1", "198.51.100.1") == "198.51.100.1");
  CHECK(client("127.0.0.1", "6.6.6.6, 198.51.100.1") == "198.51.100.1");
  CHECK(client("127.0.0.1", "6.6.6.6,198.51.100.1 , 10.1.2.3,\t127.0.0.1") == "198.51.100.1");
  CHECK(client("10.9.9.9", "2001:DB8::0:1") == "2001:db8::1");
  CHECK(client("127.0.0.1", "::ffff:198.51.100.1") == "198.51.100.1");
}

TEST_CASE("forwarded: several lines of the header are one list") {
  CHECK(client("127.0.0.1", {{"X-Forwarded-For", "6.6.6.6"},
                             {"x-forwarded-for", "198.51.100.1"},
                             {"X-FORWARDED-FOR", "10.0.0.2"}}) == "198.51.100.1");
}

TEST_CASE("forwarded: where the list ends or is junk, the last proxy is the caller") {
  CHECK(client("127.0.0.1", Headers{}) == "127.0.0.1");
  CHECK(client("127.0.0.1", "10.0.0.1, 10.0.0.2") == "10.0.0.1");
  for (const char* junk : {"", ",", "unknown", "198.51.100.1:80", "[::1]", "198.51.100.1;", "\x01",
                           "198.51.100.1,", "198.51.100.1 10.0.0.3", "0198.51.100.1"})
    CHECK_MESSAGE(client("127.0.0.1", junk) == "127.0.0.1", junk);
  CHECK(client("127.0.0.1", "198.51.100.1, junk, 10.0.0.2") == "10.0.0.2");
}

TEST_CASE("forwarded: a list of more proxies than anyone has is read no further") {
  std::string list = "198.51.100.1";
  for (int i = 20; i > 0; --i) list += ", 10.0.0." + std::to_string(i);
  CHECK(client("127.0.0.1", list) == "10.0.0.16");
}

}  // namespace
}  // namespace mayfly::os
