#pragma once

// How many requests that make mayfly look at GitHub are let in: creates, and the doorbells that
// make a sweep ask. A token bucket for each neighbourhood of addresses and one for all, taken
// before anything is looked up. A refused request takes nothing from either.
//
// A neighbourhood is what base/ip_address.h says, since whoever has one address often has those
// beside it. Hosted runners share theirs with strangers' jobs, so it must have room for several
// runs at once; what it must not have is as much as all. Addresses of this machine and of proxies
// count in all only: who stands behind them is not known, and one bucket would make them share it.
//
// Nobody can have his own bucket forgotten: one is dropped only when it is full again, which is as
// good as new. One that is not full took a token within the last minute, so there are at most as
// many as all may ask in two minutes, whatever addresses are used.
//
// What remains: many neighbourhoods together can use up what all may ask, and then everybody is
// told to come again. Machines' calls are not counted here: they carry a nonce.
//
// Thread rule: safe from many threads.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/token_bucket.h"
#include "config/config.h"

namespace mayfly {

class AskLimits {
 public:
  AskLimits(const AskConfig& limits, const std::vector<std::string>& trusted_proxies);

  // limit_asks with the time to wait, or the request is counted. peer as in HttpRequest.
  [[nodiscard]] Status admit(const std::string& peer, SteadyTime now);
  [[nodiscard]] std::size_t remembered() const;

 private:
  [[nodiscard]] TokenBucket* bucket_of(const std::string& peer, SteadyTime now);
  void forget_full(SteadyTime now);

  const BucketSize all_size_;
  const BucketSize prefix_size_;
  std::vector<IpNetwork> shared_addresses_;
  mutable std::mutex mutex_;
  TokenBucket all_;
  std::map<IpNetwork, TokenBucket> prefixes_;
};

}  // namespace mayfly
