#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::array<std::uint8_t, 12> k_v4_mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int k_v4_offset = 96;
constexpr std::size_t k_text_max = INET6_ADDRSTRLEN - 1;

IpAddress cut(IpAddress address, int prefix) {
  for (int bit = prefix; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    auto& byte = address.bytes[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(byte & ~mask);
  }
  return address;
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(k_v4_mapped.begin(), k_v4_mapped.end(), bytes.begin());
}

bool IpNetwork::contains(const IpAddress& other) const { return cut(other, prefix) == address; }

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.size() > k_text_max || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  std::copy(k_v4_mapped.begin(), k_v4_mapped.end(), address.bytes.begin());
  if (inet_pton(AF_INET, terminated.c_str(), &address.bytes[k_v4_mapped.size()]) == 1)
    return address;
  return std::nullopt;
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.is_v4())
    inet_ntop(AF_INET, &address.bytes[k_v4_mapped.size()], text, sizeof text);
  else
    inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpNetwork> parse_network(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == text.size()) return IpNetwork{*address, 128};
  const std::string_view digits = text.substr(slash + 1);
  const auto bits = parse_int(digits);
  // Mapped addresses are written as what they are.
  const bool is_v4 = text.find(':') == text.npos;
  if (!bits || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  if (*bits > (is_v4 ? 32 : 128) || is_v4 != address->is_v4()) return std::nullopt;
  const int prefix = static_cast<int>(*bits) + (is_v4 ? k_v4_offset : 0);
  if (cut(*address, prefix) != *address) return std::nullopt;
  return IpNetwork{*address, prefix};
}

IpNetwork network_of(const IpAddress& address, int v4_bits, int v6_bits) {
  const int prefix = address.is_v4() ? k_v4_offset + v4_bits : v6_bits;
  return {cut(address, prefix), prefix};
}

IpNetwork neighbourhood_of(const IpAddress& address) {
  constexpr int k_v4_bits = 24;
  constexpr int k_v6_bits = 48;
  return network_of(address, k_v4_bits, k_v6_bits);
}

}  // namespace mayfly
