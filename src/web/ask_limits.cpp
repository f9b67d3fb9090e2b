#include "web/ask_limits.h"

#include <algorithm>

namespace mayfly {
namespace {

// A minute's worth may come at once.
BucketSize minute_of(int count) { return {count, count}; }

Status refuse(const char* who, const BucketSize& size, Millis wait) {
  return fail(Error{Code::limit_asks,
                    std::string(who) + " asked " + std::to_string(size.per_minute) +
                        " times within a minute, which is the limit",
                    wait});
}

}  // namespace

AskLimits::AskLimits(const AskConfig& limits, const std::vector<std::string>& trusted_proxies)
    : all_size_(minute_of(limits.per_minute)),
      prefix_size_(minute_of(limits.per_minute_per_prefix)) {
  for (const char* own : {"127.0.0.0/8", "::1"})
    shared_addresses_.push_back(parse_network(own).value());
  for (const std::string& proxy : trusted_proxies)
    shared_addresses_.push_back(parse_network(proxy).value());
}

// Of whom nothing is known but that it is not a neighbourhood of its own: none.
TokenBucket* AskLimits::bucket_of(const std::string& peer, SteadyTime now) {
  const auto address = parse_ip(peer);
  if (!address) return nullptr;
  for (const IpNetwork& shared : shared_addresses_)
    if (shared.contains(*address)) return nullptr;
  // Those that are not full are at most two minutes' worth (token_bucket.h).
  if (prefixes_.size() >= 4 * static_cast<std::size_t>(all_size_.per_minute)) forget_full(now);
  return &prefixes_[neighbourhood_of(*address)];
}

void AskLimits::forget_full(SteadyTime now) {
  std::erase_if(prefixes_, [now](const auto& entry) { return entry.second.is_full(now); });
}

Status AskLimits::admit(const std::string& peer, SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  if (const auto wait = all_.wait(all_size_, now)) return refuse("all together", all_size_, *wait);
  TokenBucket* prefix = bucket_of(peer, now);
  if (prefix != nullptr) {
    if (const auto wait = prefix->wait(prefix_size_, now))
      return refuse("this neighbourhood of addresses", prefix_size_, *wait);
    prefix->take(prefix_size_, now);
  }
  all_.take(all_size_, now);
  return {};
}

std::size_t AskLimits::remembered() const {
  const std::scoped_lock lock(mutex_);
  return prefixes_.size();
}

}  // namespace mayfly
