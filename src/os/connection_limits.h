#pragma once

// How many connections may be open at once: in all, and of one prefix of addresses, so that no one
// party can keep the others out. Private to os. Thread rule: one thread.
//
// A prefix is a /24 of IPv4 or a /48 of IPv6. These are the longest that networks of the Internet
// announce to each other (RFC 7454 6.1.3) and the most that one end site is given (RFC 6177), so
// one party rarely has many of them, while it may well have a whole one for itself. That neighbours
// share the allowance costs them little: a request of ours takes milliseconds.
//
// As the server fills, a prefix's allowance shrinks to an eighth of what is still free, and one
// more. So dozens of prefixes together cannot take all, and one that has no connection yet is let
// in until the very last is taken (dynamic thresholds: Choudhury and Hahne, 1998).

#include <map>

#include "base/ip_address.h"

namespace mayfly::os {

[[nodiscard]] IpNetwork prefix_of(const IpAddress& address);

class ConnectionLimits {
 public:
  ConnectionLimits(std::size_t total_max, std::size_t per_prefix_max)
      : total_max_(total_max), per_prefix_max_(per_prefix_max) {}

  // Counts a connection in, or says no. Who is exempt counts in the total only.
  [[nodiscard]] bool admit(const IpNetwork& prefix, bool is_exempt);
  void release(const IpNetwork& prefix, bool is_exempt);
  [[nodiscard]] bool is_full() const { return total_ >= total_max_; }

 private:
  const std::size_t total_max_;
  const std::size_t per_prefix_max_;
  std::size_t total_ = 0;
  std::map<IpNetwork, std::size_t> open_;  // only prefixes that have any
};

}  // namespace mayfly::os
