#pragma once

// AWS Signature Version 4 over a whole request, header form. Ours because nothing static in Debian
// does it (docs/dependencies.md); held to AWS's published test vectors.

#include <mutex>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly::aws {

struct SigningScope {
  std::string region;
  std::string service;  // "ec2", "ssm", "dynamodb"
};

// What a secret and scope sign with on one day, derived in four steps. The last one asked for is
// kept, for a process signs with one for a day. Thread rule: safe from many threads.
class SigningKeys {
 public:
  [[nodiscard]] Secret key(const Secret& secret_access_key, const SigningScope& scope,
                           WallTime now);

 private:
  std::mutex mutex_;
  Secret derived_from_, key_;
};

// Adds Host (if absent), X-Amz-Date, X-Amz-Security-Token (if any) and Authorization. All headers
// present at the call are signed. The URL must already be percent-encoded.
void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
          WallTime now, SigningKeys& keys);
// Likewise, for who signs once.
inline void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
                 WallTime now) {
  SigningKeys keys;
  sign(request, credentials, scope, now, keys);
}

// The steps, for the vectors and for a server that checks a signature.
[[nodiscard]] std::string canonical_request(const HttpRequest& request,
                                            const std::string& signed_headers);
[[nodiscard]] std::string string_to_sign(std::string_view canonical_request,
                                         const SigningScope& scope, WallTime now);
[[nodiscard]] std::string signature(const Secret& signing_key, std::string_view string_to_sign);

}  // namespace mayfly::aws
