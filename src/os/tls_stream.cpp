#include "os/tls_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/text.h"

namespace mayfly::os {
namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, FreeSsl>;

std::string openssl_reason() {
  const unsigned long error = ERR_get_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "failed" : reason;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(FileDescriptor socket, SslHandle ssl)
      : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  Status handshake(const Deadline& deadline) {
    return until_done("TLS handshake", deadline, [this] { return SSL_connect(ssl_.get()); });
  }

  Result<std::size_t> read_some(std::span<char> out, const Deadline& deadline) override {
    std::size_t got = 0;
    TRY(until_done("read", deadline, [&] {
      const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &got);
      // The other side's close_notify is a proper end: 0 bytes.
      const bool is_end = SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN;
      return is_end ? 1 : result;
    }));
    return got;
  }

  Status write_all(std::string_view bytes, const Deadline& deadline) override {
    while (!bytes.empty()) {
      std::size_t sent = 0;
      TRY(until_done("write", deadline,
                     [&] { return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent); }));
      bytes.remove_prefix(sent);
    }
    return {};
  }

  bool has_unexpected_input() override {
    pollfd entry{socket_.get(), POLLIN, 0};
    return SSL_has_pending(ssl_.get()) == 1 || poll(&entry, 1, 0) != 0;
  }

 private:
  template <class Operation>
  Status until_done(const std::string& doing, const Deadline& deadline, Operation operation) {
    for (;;) {
      ERR_clear_error();
      errno = 0;
      const int result = operation();
      if (result == 1) return {};
      const int kind = SSL_get_error(ssl_.get(), result);
      if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE)
        return fail(Code::transport_not_sent, doing + ": " + reason_of(kind, errno));
      if (!deadline.wait_ready(socket_.get(), kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
        return fail(Code::transport_not_sent, doing + ": no progress by the deadline");
    }
  }

  std::string reason_of(int kind, int error) const {
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK)
      return std::string("certificate refused: ") + X509_verify_cert_error_string(verified);
    if (kind == SSL_ERROR_SYSCALL && error != 0) return errno_text(error);
    return openssl_reason();
  }

  FileDescriptor socket_;
  SslHandle ssl_;
};

constexpr std::array k_bundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Red Hat, Amazon Linux
    "/etc/pki/tls/certs/ca-bundle.crt",                   // the same, older
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",                                  // Alpine, others
};

Result<std::string> find_bundle(const std::string& configured) {
  if (!configured.empty()) return configured;
  const char* from_environment = std::getenv("SSL_CERT_FILE");
  if (from_environment != nullptr && *from_environment != '\0') return from_environment;
  for (const char* path : k_bundles)
    if (access(path, R_OK) == 0) return path;
  return fail(Code::transport_not_sent,
              "no bundle of certificate authorities found: install ca-certificates or set "
              "SSL_CERT_FILE");
}

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool expect_host(SSL* ssl, const std::string& host) {
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

bool configure(SSL_CTX* context) {
  static constexpr unsigned char k_http_1_1[] = "\x08http/1.1";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // 0 is success for this one.
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_alpn_protos(context, k_http_1_1, sizeof k_http_1_1 - 1) == 0;
}

}  // namespace

Result<TlsContext> TlsContext::make(const std::string& ca_bundle) {
  TRY_ASSIGN(const std::string bundle, find_bundle(ca_bundle));
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context || !configure(context.get()))
    return fail(Code::transport_not_sent, "TLS cannot be set up: " + openssl_reason());
  if (SSL_CTX_load_verify_file(context.get(), bundle.c_str()) != 1)
    return fail(Code::transport_not_sent, "cannot use " + printable(bundle) +
                                              " as certificate authorities: " + openssl_reason());
  return TlsContext(std::move(context));
}

Result<std::unique_ptr<ByteStream>> TlsContext::connect(FileDescriptor socket,
                                                        const std::string& host,
                                                        const Deadline& deadline) const {
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl || !expect_host(ssl.get(), host) || SSL_set_fd(ssl.get(), socket.get()) != 1)
    return fail(Code::transport_not_sent, "TLS cannot be set up: " + openssl_reason());
  auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(ssl));
  TRY(stream->handshake(deadline));
  return stream;
}

}  // namespace mayfly::os
