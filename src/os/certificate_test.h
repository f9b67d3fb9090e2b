#pragma once

// For tests: certificates, and the files that they stand in.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace mayfly::os {

// Self-signed for the names, valid from and to some seconds from now. In a PEM file of its own, its
// key in another, both as long as this lives.
class Certificate {
 public:
  explicit Certificate(const std::string& names, long from = -60, long to = 3600);
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& key_path() const { return key_path_; }
  [[nodiscard]] X509* x509() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }

 private:
  void extend(int nid, const std::string& value);
  void write_files();

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
  std::string path_ = "/tmp/mayfly-tls-XXXXXX";
  std::string key_path_ = "/tmp/mayfly-key-XXXXXX";
};

}  // namespace mayfly::os
