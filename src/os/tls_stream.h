#pragma once

// TLS as a client, by OpenSSL: 1.2 or newer, the peer's certificate verified against a bundle of
// authorities and against the host's name or address. Private to os.

#include <memory>
#include <string>

#include "base/result.h"
#include "os/byte_stream.h"

struct ssl_ctx_st;

namespace mayfly::os {

// What all connections share. Thread rule: immutable once made.
class TlsContext {
 public:
  // ca_bundle: a PEM file. Empty: SSL_CERT_FILE, else the first that exists of the usual places
  // (Debian, Red Hat and Amazon Linux, SUSE, Alpine): a static program has no directory of its own
  // to look in (facts.md C5). Code::transport_not_sent, with what was tried, if there is none.
  [[nodiscard]] static Result<TlsContext> make(const std::string& ca_bundle);

  // The handshake on a connected socket. Code::transport_not_sent on failure, with the reason.
  [[nodiscard]] Result<std::unique_ptr<ByteStream>> connect(FileDescriptor socket,
                                                            const std::string& host,
                                                            const Deadline& deadline) const;

 private:
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}

  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace mayfly::os
