// Apart from signing: only the emulated GitHub verifies, and what is deployed links none of it.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/rs256.h"

namespace mayfly {

bool rs256_fits(const std::string& public_pem, std::string_view message,
                std::string_view signature) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  bool fits = false;
  if (key && EVP_PKEY_is_a(key.get(), "RSA") == 1 &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1) {
    const auto* given = reinterpret_cast<const unsigned char*>(signature.data());
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    fits = EVP_DigestVerify(context.get(), given, signature.size(), bytes, message.size()) == 1;
  }
  ERR_clear_error();
  return fits;
}

}  // namespace mayfly
