#pragma once

// RS256 of RFC 7518, which is RSASSA-PKCS1-v1_5 with SHA-256 (OpenSSL): what a GitHub App signs its
// JWTs with. Thread rule: one key may be used from many threads.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace mayfly {

class RsaKey {
 public:
  // PEM of a private RSA key of 2048 to 8192 bits without a password: PKCS#1, as GitHub hands it
  // out, or PKCS#8. Else Code::secret_unreadable, whose message has nothing of the text in it.
  [[nodiscard]] static Result<RsaKey> from_pem(const Secret& pem);

  // The bare signature, as long as the key.
  [[nodiscard]] std::string sign(std::string_view message) const;
  [[nodiscard]] std::string public_pem() const;

 private:
  explicit RsaKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

// False as well when the PEM holds no public key of RSA.
[[nodiscard]] bool rs256_fits(const std::string& public_pem, std::string_view message,
                              std::string_view signature);

}  // namespace mayfly
