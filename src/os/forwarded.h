#pragma once

// Whom a request comes from when proxies stand in between. Pure. Private to os.
//
// X-Forwarded-For is a list that each proxy appends the address of its own caller to, so only what
// trusted proxies have appended can be believed: it is read from the right, past the addresses of
// trusted proxies, and the first that is none is the caller. Whatever stands left of that was sent
// by the caller itself.

#include <vector>

#include "base/ip_address.h"
#include "seam/http_message.h"

namespace mayfly::os {

[[nodiscard]] bool is_in_any(const std::vector<IpNetwork>& networks, const IpAddress& address);

// peer, unless it is a trusted proxy. Where the list ends, is junk, or is longer than 16 proxies,
// the last address that was believed.
[[nodiscard]] IpAddress client_address(const IpAddress& peer, const Headers& headers,
                                       const std::vector<IpNetwork>& trusted_proxies);

}  // namespace mayfly::os
