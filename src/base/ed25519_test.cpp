#include "base/ed25519.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace mayfly {
namespace {

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::string pem(const std::string& what, const std::string& der) {
  return "-----BEGIN " + what + "-----\n" + base64_encode(der) + "\n-----END " + what + "-----\n";
}

// RFC 8032, 7.1, TEST 2.
const std::string k_seed =
    from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const std::string k_public =
    from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
const std::string k_signature = from_hex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");

const Secret k_private_pem(pem("PRIVATE KEY",
                               from_hex("302e020100300506032b657004220420") + k_seed));
const std::string k_public_pem = pem("PUBLIC KEY", from_hex("302a300506032b6570032100") + k_public);

TEST_CASE("ed25519: RFC 8032's vector, with keys as OpenSSL writes them") {
  CHECK(ed25519_public_of(k_private_pem).value().bytes == k_public);
  CHECK(parse_ed25519_public(k_public_pem).value().bytes == k_public);
  CHECK(ed25519_sign(k_private_pem, "\x72").value() == k_signature);
  CHECK(ed25519_verify({k_public}, "\x72", k_signature));
}

TEST_CASE("ed25519: another message, signature or key is not verified") {
  CHECK_FALSE(ed25519_verify({k_public}, "\x73", k_signature));
  CHECK_FALSE(ed25519_verify({k_public}, "", k_signature));
  std::string bent = k_signature;
  bent[9] = static_cast<char>(bent[9] ^ 1);
  CHECK_FALSE(ed25519_verify({k_public}, "\x72", bent));
  CHECK_FALSE(ed25519_verify({k_public}, "\x72", ""));
  CHECK_FALSE(ed25519_verify({k_seed}, "\x72", k_signature));
  CHECK_FALSE(ed25519_verify({""}, "\x72", k_signature));
}

TEST_CASE("ed25519: what is no such key is refused, and not repeated") {
  for (const std::string& wrong :
       {std::string(), std::string("github_pat_11SECRET"), k_public_pem}) {
    const auto refused = ed25519_sign(Secret(wrong), "x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::secret_unreadable);
    CHECK(refused.error().message.find("SECRET") == std::string::npos);
  }
  CHECK_FALSE(parse_ed25519_public(k_private_pem.reveal()));
  // An X25519 key.
  CHECK_FALSE(ed25519_public_of(
      Secret(pem("PRIVATE KEY", from_hex("302e020100300506032b656e04220420") + k_seed))));
}

}  // namespace
}  // namespace mayfly
