#pragma once

// Where AWS credentials come from, in botocore's order (facts.md C3): environment, web identity,
// shared files, container endpoint, IMDSv2. The chain caches what it found and refreshes it before
// it expires. Thread rule: CredentialsChain is safe from many threads; no lock is held during a
// call.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "seam/clock.h"
#include "seam/environment.h"
#include "seam/transport.h"

namespace mayfly::aws {

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;                // empty for long-lived keys
  std::optional<WallTime> expires_at;  // none: does not expire
  std::string source;  // "environment", "imds", ...: for messages and `mayfly check`
};

// One place to look. none: not configured here, look on. Error: configured here but broken; the
// chain stops and reports it rather than silently using another identity.
class CredentialsSource {
 public:
  CredentialsSource() = default;
  CredentialsSource(const CredentialsSource&) = delete;
  CredentialsSource& operator=(const CredentialsSource&) = delete;
  virtual ~CredentialsSource() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;  // for messages
  [[nodiscard]] virtual Result<std::optional<Credentials>> fetch(SteadyTime deadline) = 0;
};

struct CredentialsSeams {
  Environment& environment;
  HttpTransport& transport;
  Clock& clock;
};

class CredentialsChain {
 public:
  // The standard order. region is needed for the STS endpoint of web identity.
  CredentialsChain(const CredentialsSeams& seams, const std::string& region);
  CredentialsChain(Clock& clock, std::vector<std::unique_ptr<CredentialsSource>> sources);

  // Code::aws_credentials when no source has any, naming those that were tried; aws_unavailable
  // when one that is configured does not answer. They are renewed 5 minutes before they expire, or
  // in the last tenth of a shorter life; when that fails, the old ones serve until their last 30
  // seconds, and the next attempt waits 30 seconds.
  [[nodiscard]] Result<Credentials> get(SteadyTime deadline);
  // After AWS has refused them (RequestExpired, AuthFailure): the next get() looks again.
  void invalidate();

 private:
  [[nodiscard]] std::optional<Credentials> cached_or_claim_refresh();
  [[nodiscard]] Result<Credentials> fetch(SteadyTime deadline);
  [[nodiscard]] Credentials keep(Credentials fresh);
  [[nodiscard]] bool serves_still(const Credentials& credentials) const;

  Clock& clock_;
  std::vector<std::unique_ptr<CredentialsSource>> sources_;
  std::mutex mutex_;
  std::optional<Credentials> cached_;
  std::optional<WallTime> renew_at_;  // none: never
  SteadyTime next_attempt_{};         // while cached_ serves still
};

}  // namespace mayfly::aws
