#include "base/rs256.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace mayfly {
namespace {

constexpr std::size_t k_pem_bytes_max = 16 * 1024;
constexpr int k_bits_min = 2048;
constexpr int k_bits_max = 8192;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Bio reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// In place of OpenSSL's own, which would ask at the terminal.
int no_password(char* /*out*/, int /*size*/, int /*is_writing*/, void* /*data*/) { return -1; }

}  // namespace

Result<RsaKey> RsaKey::from_pem(const Secret& pem) {
  if (pem.reveal().size() > k_pem_bytes_max)
    return fail(Code::secret_unreadable, "it is too long for a private key");
  const Bio bio = reading(pem.reveal());
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr),
                                &EVP_PKEY_free);
  // What went wrong there belongs to no later call.
  ERR_clear_error();
  if (!key)
    return fail(Code::secret_unreadable,
                "it is no private key in PEM without a password (-----BEGIN RSA PRIVATE KEY-----)");
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1)
    return fail(Code::secret_unreadable, "it is a key, but not of RSA");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < k_bits_min || bits > k_bits_max)
    return fail(Code::secret_unreadable, "it has " + std::to_string(bits) + " bits, not " +
                                             std::to_string(k_bits_min) + " to " +
                                             std::to_string(k_bits_max));
  return RsaKey(std::move(key));
}

std::string RsaKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  std::string out(size, '\0');
  MAYFLY_CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  MAYFLY_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                              bytes, message.size()) == 1);
  out.resize(size);
  return out;
}

std::string RsaKey::public_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
  MAYFLY_CHECK(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace mayfly
