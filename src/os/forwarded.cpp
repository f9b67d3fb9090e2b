#include "os/forwarded.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::os {
namespace {

constexpr int k_proxies_max = 16;

// Several lines of one header are one list, in their order (RFC 9110 5.3).
std::string joined(const Headers& headers) {
  std::string list;
  for (const Header& header : headers)
    if (to_lower(header.name) == "x-forwarded-for")
      list += (list.empty() ? "" : ",") + header.value;
  return list;
}

}  // namespace

bool is_in_any(const std::vector<IpNetwork>& networks, const IpAddress& address) {
  return std::ranges::any_of(networks,
                             [&](const IpNetwork& network) { return network.contains(address); });
}

IpAddress client_address(const IpAddress& peer, const Headers& headers,
                         const std::vector<IpNetwork>& trusted_proxies) {
  if (!is_in_any(trusted_proxies, peer)) return peer;
  const std::string list = joined(headers);
  std::string_view left = list;
  IpAddress believed = peer;
  for (int i = 0; i < k_proxies_max && is_in_any(trusted_proxies, believed); ++i) {
    const std::size_t comma = left.rfind(',');
    const auto next = parse_ip(trim(comma == left.npos ? left : left.substr(comma + 1)));
    if (!next) break;
    believed = *next;
    left = left.substr(0, comma == left.npos ? 0 : comma);
  }
  return believed;
}

}  // namespace mayfly::os
