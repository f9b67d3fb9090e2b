#include "base/ip_address.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("ip: an address is written as it is usually written") {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "::", "::1", "2001:db8::1"})
    CHECK(to_string(parse_ip(text).value()) == text);
  CHECK(to_string(parse_ip("2001:DB8:0:0:0:0:0:1").value()) == "2001:db8::1");
  CHECK(parse_ip("::ffff:192.0.2.1") == parse_ip("192.0.2.1"));
  CHECK(to_string(parse_ip("::ffff:192.0.2.1").value()) == "192.0.2.1");
}

TEST_CASE("ip: what is not exactly an address is none") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "1"sv, "1.2.3"sv, "1.2.3.4.5"sv, "1.2.3.256"sv, "01.2.3.4"sv, "0x1.2.3.4"sv,
        " 1.2.3.4"sv, "1.2.3.4 "sv, "1.2.3.4:80"sv, "[::1]"sv, "::1%lo"sv, "::1::"sv, "1.2.3.4\0"sv,
        "unknown"sv, "2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1"sv})
    CHECK_MESSAGE(!parse_ip(text), text);
}

TEST_CASE("ip: a network holds the addresses that share its prefix, and no others") {
  struct Row {
    std::string_view network, inside, outside;
  };
  for (const Row& row :
       {Row{"10.0.0.0/8", "10.255.0.1", "11.0.0.0"}, Row{"192.0.2.7", "192.0.2.7", "192.0.2.6"},
        Row{"192.0.2.128/25", "192.0.2.200", "192.0.2.127"},
        Row{"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
        Row{"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        Row{"::1", "::1", "127.0.0.1"}}) {
    const IpNetwork network = parse_network(row.network).value();
    CHECK_MESSAGE(network.contains(parse_ip(row.inside).value()), row.network);
    CHECK_MESSAGE(!network.contains(parse_ip(row.outside).value()), row.network);
  }
}

TEST_CASE("ip: a network with a bad prefix or with bits behind it is none") {
  for (const char* text : {"10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8/8", "::/129", "2001:db8::1/64", "::ffff:10.0.0.0/104", "/8"})
    CHECK_MESSAGE(!parse_network(text), text);
}

TEST_CASE("ip: the network of an address has the length of its family") {
  CHECK(network_of(parse_ip("192.0.2.9").value(), 24, 48) == parse_network("192.0.2.0/24"));
  CHECK(network_of(parse_ip("2001:db8:1:2::3").value(), 24, 48) ==
        parse_network("2001:db8:1::/48"));
}

}  // namespace
}  // namespace mayfly
