#include "os/connection_limits.h"

#include <algorithm>

#include "base/result.h"

namespace mayfly::os {
namespace {

constexpr std::size_t k_share_of_free = 8;

}  // namespace

IpNetwork prefix_of(const IpAddress& address) { return neighbourhood_of(address); }

bool ConnectionLimits::admit(const IpNetwork& prefix, bool is_exempt) {
  if (is_full()) return false;
  if (!is_exempt) {
    const auto found = open_.find(prefix);
    const std::size_t open = found == open_.end() ? 0 : found->second;
    const std::size_t free = total_max_ - total_;
    if (open >= std::min(per_prefix_max_, free / k_share_of_free + 1)) return false;
    ++open_[prefix];
  }
  ++total_;
  return true;
}

void ConnectionLimits::release(const IpNetwork& prefix, bool is_exempt) {
  --total_;
  if (is_exempt) return;
  const auto found = open_.find(prefix);
  MAYFLY_CHECK(found != open_.end());
  if (--found->second == 0) open_.erase(found);
}

}  // namespace mayfly::os
