#pragma once

// IP addresses and networks as values. An IPv4 address and the same one mapped into IPv6
// (::ffff:192.0.2.1) are equal. Text is parsed strictly: no zone, no port, no leading zeros, no
// short IPv4 forms.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // an IPv4 address as mapped into IPv6

  [[nodiscard]] bool is_v4() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct IpNetwork {
  IpAddress address;  // the bits after the prefix are 0
  int prefix = 128;   // bits, counted in IPv6: 96 more than IPv4 says

  [[nodiscard]] bool contains(const IpAddress& other) const;
  friend auto operator<=>(const IpNetwork&, const IpNetwork&) = default;
};

[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
// As usual: "192.0.2.1", "2001:db8::1".
[[nodiscard]] std::string to_string(const IpAddress& address);

// "10.0.0.0/8", or an address alone. nullopt also when bits after the prefix are set: the writer
// may have meant either.
[[nodiscard]] std::optional<IpNetwork> parse_network(std::string_view text);
// The network of that many bits that the address lies in.
[[nodiscard]] IpNetwork network_of(const IpAddress& address, int v4_bits, int v6_bits);
// What counts as one party: a /24 of IPv4, a /48 of IPv6. os/connection_limits.h says why.
[[nodiscard]] IpNetwork neighbourhood_of(const IpAddress& address);

}  // namespace mayfly
