#include "os/server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "os/signals.h"

namespace mayfly::os {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

constexpr unsigned char k_http_1_1[] = "\x08http/1.1";
// Of TLS 1.2 only what TLS 1.3 would choose as well.
constexpr const char* k_ciphers_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string identity_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return "-";
  const timespec& at = status.st_mtim;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
         std::to_string(status.st_size) + ":" + std::to_string(at.tv_sec) + "." +
         std::to_string(at.tv_nsec);
}

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

tl::unexpected<Error> unusable(const std::string& doing) {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return fail(Code::config_invalid, doing + ": " + (reason == nullptr ? "failed" : reason));
}

// Who offers protocols must offer ours: what was meant for another server must not be taken.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_size, k_http_1_1, sizeof k_http_1_1 - 1,
                                           offered, offered_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// An encrypted key would have OpenSSL ask at the terminal.
int no_password(char*, int, int, void*) { return 0; }

bool configure(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_password);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(context, 0) == 1 &&
         SSL_CTX_set_cipher_list(context, k_ciphers_1_2) == 1;
}

Result<Context> make_context(const TlsFiles& files) {
  for (const std::string& path : {files.certificate, files.key}) {
    if (!is_regular_file(path))
      return fail(Code::config_invalid, "cannot use " + printable(path) + ": not a readable file");
  }
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context || !configure(context.get())) return unusable("TLS cannot be set up");
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return unusable("cannot use " + printable(files.certificate) + " as a certificate");
  // Compares it with the certificate as well.
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable("cannot use " + printable(files.key) + " as the certificate's key");
  return context;
}

}  // namespace

Result<ServerTls> ServerTls::load(TlsFiles files) {
  ignore_broken_pipes();  // OpenSSL writes without MSG_NOSIGNAL
  ServerTls tls(std::move(files));
  TRY(tls.read());
  return tls;
}

// What is seen is noted before it is read: a change meanwhile is then seen the next time.
Status ServerTls::read() {
  seen_ = identity_of(files_.certificate) + " " + identity_of(files_.key);
  TRY_ASSIGN(context_, make_context(files_));
  return {};
}

std::optional<Status> ServerTls::refresh(SteadyTime now) {
  if (now < next_look_) return std::nullopt;
  next_look_ = now + files_.look_every;
  if (identity_of(files_.certificate) + " " + identity_of(files_.key) == seen_) return std::nullopt;
  return read();
}

ServerSsl ServerTls::accepting() const {
  ServerSsl ssl(SSL_new(context_.get()));
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace mayfly::os
