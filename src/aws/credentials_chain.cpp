#include <algorithm>

#include "aws/credentials.h"
#include "aws/credentials_sources.h"

namespace mayfly::aws {
namespace {

constexpr Millis k_renew_before_max = std::chrono::minutes{5};
constexpr Millis k_use_until_before_expiry = Seconds{30};
constexpr Millis k_attempt_pause = Seconds{30};

std::vector<std::unique_ptr<CredentialsSource>> standard_sources(const CredentialsSeams& seams,
                                                                 const std::string& region) {
  std::vector<std::unique_ptr<CredentialsSource>> sources;
  sources.push_back(environment_source(seams));
  sources.push_back(web_identity_source(seams, region));
  sources.push_back(shared_files_source(seams));
  sources.push_back(container_source(seams));
  sources.push_back(imds_source(seams));
  return sources;
}

}  // namespace

CredentialsChain::CredentialsChain(const CredentialsSeams& seams, const std::string& region)
    : CredentialsChain(seams.clock, standard_sources(seams, region)) {}

CredentialsChain::CredentialsChain(Clock& clock,
                                   std::vector<std::unique_ptr<CredentialsSource>> sources)
    : clock_(clock), sources_(std::move(sources)) {}

Result<Credentials> CredentialsChain::get(SteadyTime deadline) {
  if (auto cached = cached_or_claim_refresh()) return std::move(*cached);
  auto fresh = fetch(deadline);
  if (fresh) return keep(std::move(*fresh));
  const std::lock_guard lock(mutex_);
  if (cached_ && serves_still(*cached_)) return *cached_;
  return fail(std::move(fresh).error());
}

void CredentialsChain::invalidate() {
  const std::lock_guard lock(mutex_);
  cached_.reset();
}

// One caller renews while the others go on with the old ones, as long as these serve.
std::optional<Credentials> CredentialsChain::cached_or_claim_refresh() {
  const std::lock_guard lock(mutex_);
  if (!cached_) return std::nullopt;
  if (!renew_at_ || clock_.wall() < *renew_at_) return cached_;
  const SteadyTime now = clock_.steady();
  if (serves_still(*cached_) && now < next_attempt_) return cached_;
  next_attempt_ = now + k_attempt_pause;
  return std::nullopt;
}

Result<Credentials> CredentialsChain::fetch(SteadyTime deadline) {
  std::string tried;
  for (const auto& source : sources_) {
    auto found = source->fetch(deadline);
    if (!found)
      return fail_while("AWS credentials from " + std::string(source->name()), found.error());
    if (*found) return std::move(**found);
    tried.append(tried.empty() ? "" : ", ").append(source->name());
  }
  return fail(Code::aws_credentials, "there are no AWS credentials; looked for: " + tried);
}

Credentials CredentialsChain::keep(Credentials fresh) {
  const std::lock_guard lock(mutex_);
  renew_at_.reset();
  if (fresh.expires_at) {
    const Millis life = *fresh.expires_at - clock_.wall();
    renew_at_ = *fresh.expires_at - std::min(k_renew_before_max, life / 10);
  }
  next_attempt_ = SteadyTime{};
  cached_ = fresh;
  return fresh;
}

bool CredentialsChain::serves_still(const Credentials& credentials) const {
  return !credentials.expires_at ||
         *credentials.expires_at - clock_.wall() > k_use_until_before_expiry;
}

}  // namespace mayfly::aws
