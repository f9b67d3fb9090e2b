#include "base/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace mayfly {
namespace {

constexpr std::size_t k_key_size = 32;
constexpr std::size_t k_signature_size = 64;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A key with a passphrase is none: nobody is there to ask.
int no_passphrase(char*, int, int, void*) { return -1; }

Key read_key(std::string_view pem, bool is_private) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(is_private ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                     : PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (key != nullptr && EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) key.reset();
  return key;
}

Result<Key> private_key(const Secret& pem) {
  Key key = read_key(pem.reveal(), true);
  if (key == nullptr)
    return fail(Code::secret_unreadable,
                "the signing key is no Ed25519 private key in PEM without a passphrase "
                "(openssl genpkey -algorithm ed25519)");
  return key;
}

Ed25519Public public_part(const Key& key) {
  Ed25519Public out{std::string(k_key_size, '\0')};
  std::size_t size = out.bytes.size();
  const int done = EVP_PKEY_get_raw_public_key(
      key.get(), reinterpret_cast<unsigned char*>(out.bytes.data()), &size);
  MAYFLY_CHECK(done == 1 && size == k_key_size);
  return out;
}

}  // namespace

Result<Ed25519Public> ed25519_public_of(const Secret& private_pem) {
  TRY_ASSIGN(const Key key, private_key(private_pem));
  return public_part(key);
}

Result<Ed25519Public> parse_ed25519_public(std::string_view public_pem) {
  const Key key = read_key(public_pem, false);
  if (key == nullptr)
    return fail(Code::secret_unreadable,
                "the key is no Ed25519 public key in PEM (openssl pkey -in KEY -pubout)");
  return public_part(key);
}

Result<std::string> ed25519_sign(const Secret& private_pem, std::string_view message) {
  TRY_ASSIGN(const Key key, private_key(private_pem));
  const Context context(EVP_MD_CTX_new());
  std::string signature(k_signature_size, '\0');
  std::size_t size = signature.size();
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) == 1;
  MAYFLY_CHECK(done && size == k_signature_size);
  return signature;
}

bool ed25519_verify(const Ed25519Public& key, std::string_view message,
                    std::string_view signature) {
  if (key.bytes.size() != k_key_size || signature.size() != k_signature_size) return false;
  const Key parsed(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(key.bytes),
                                               key.bytes.size()));
  const Context context(EVP_MD_CTX_new());
  const bool is_good =
      parsed != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, parsed.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                       message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

}  // namespace mayfly
