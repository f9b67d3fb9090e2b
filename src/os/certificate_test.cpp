#include "os/certificate_test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>

#include "base/result.h"

namespace mayfly::os {

Certificate::Certificate(const std::string& names, long from, long to)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
  X509* x = certificate_.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), from);
  X509_gmtime_adj(X509_getm_notAfter(x), to);
  X509_set_pubkey(x, key_.get());
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  extend(NID_subject_alt_name, names);
  extend(NID_basic_constraints, "critical,CA:TRUE");
  MAYFLY_CHECK(X509_sign(x, key_.get(), EVP_sha256()) > 0);
  write_files();
}

Certificate::~Certificate() {
  unlink(path_.c_str());
  unlink(key_path_.c_str());
}

void Certificate::extend(int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  MAYFLY_CHECK(extension != nullptr);
  X509_add_ext(certificate_.get(), extension, -1);
  X509_EXTENSION_free(extension);
}

void Certificate::write_files() {
  std::FILE* file = fdopen(mkstemp(path_.data()), "w");
  MAYFLY_CHECK(file != nullptr && PEM_write_X509(file, certificate_.get()) == 1);
  std::fclose(file);
  file = fdopen(mkstemp(key_path_.data()), "w");
  MAYFLY_CHECK(file != nullptr &&
               PEM_write_PrivateKey(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(file);
}

}  // namespace mayfly::os
