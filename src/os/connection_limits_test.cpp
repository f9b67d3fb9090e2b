#include "os/connection_limits.h"

#include <doctest/doctest.h>

namespace mayfly::os {
namespace {

IpNetwork prefix(const std::string& address) { return prefix_of(parse_ip(address).value()); }

std::size_t admitted(ConnectionLimits& limits, const IpNetwork& of, std::size_t tries,
                     bool is_exempt = false) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < tries; ++i) count += limits.admit(of, is_exempt) ? 1 : 0;
  return count;
}

TEST_CASE("limits: neighbours share a prefix, a /24 or a /48") {
  CHECK(prefix("192.0.2.1") == prefix("192.0.2.255"));
  CHECK(prefix("192.0.2.1") != prefix("192.0.3.1"));
  CHECK(prefix("2001:db8:1::1") == prefix("2001:db8:1:ffff::1"));
  CHECK(prefix("2001:db8:1::1") != prefix("2001:db8:2::1"));
}

TEST_CASE("limits: a prefix has its number, and a place again when one of its own closes") {
  ConnectionLimits limits(1000, 5);
  const IpNetwork one = prefix("192.0.2.1");
  CHECK(admitted(limits, one, 9) == 5);
  CHECK(admitted(limits, prefix("198.51.100.1"), 9) == 5);
  limits.release(one, false);
  CHECK(admitted(limits, one, 9) == 1);
}

TEST_CASE("limits: who is exempt has all that is left, and takes it from everybody") {
  ConnectionLimits limits(20, 5);
  const IpNetwork proxy = prefix("10.0.0.1");
  CHECK(admitted(limits, proxy, 30, true) == 20);
  CHECK(limits.is_full());
  CHECK_FALSE(limits.admit(prefix("192.0.2.1"), false));
  limits.release(proxy, true);
  CHECK(limits.admit(prefix("192.0.2.1"), false));
}

TEST_CASE("limits: dozens of prefixes that take all they can leave a place for a newcomer") {
  ConnectionLimits limits(1024, 1024);
  CHECK(admitted(limits, prefix("192.0.2.1"), 1024) <= 1024 / 8 + 1);
  for (int i = 0; i < 39; ++i) {
    const IpNetwork crowd = prefix("203.0." + std::to_string(i) + ".1");
    CHECK(admitted(limits, crowd, 1024) >= 1);
  }
  CHECK_FALSE(limits.is_full());
  CHECK(limits.admit(prefix("198.51.100.1"), false));
}

}  // namespace
}  // namespace mayfly::os
