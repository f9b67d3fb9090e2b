#pragma once

// Ed25519 signatures (RFC 8032, OpenSSL), with keys as `openssl genpkey -algorithm ed25519` and
// `openssl pkey -pubout` write them.
//
// Errors: secret_unreadable, which says what was expected and never what was there.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace mayfly {

struct Ed25519Public {
  std::string bytes;  // 32

  friend bool operator==(const Ed25519Public&, const Ed25519Public&) = default;
};

// Of a private key in PEM.
[[nodiscard]] Result<Ed25519Public> ed25519_public_of(const Secret& private_pem);
// Of a public key in PEM.
[[nodiscard]] Result<Ed25519Public> parse_ed25519_public(std::string_view public_pem);
// 64 bytes.
[[nodiscard]] Result<std::string> ed25519_sign(const Secret& private_pem, std::string_view message);
// False for anything but a signature of this message by this key.
[[nodiscard]] bool ed25519_verify(const Ed25519Public& key, std::string_view message,
                                  std::string_view signature);

}  // namespace mayfly
