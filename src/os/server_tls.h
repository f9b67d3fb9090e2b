#pragma once

// TLS as a server, by OpenSSL: 1.2 or newer with forward secrecy, HTTP/1.1 only, and a certificate
// from files that is read again when they change. No session is kept for a client and none is
// resumed. Private to os. Thread rule: one thread.

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "os/http_server.h"
#include "os/server_stream.h"

struct ssl_ctx_st;

namespace mayfly::os {

class ServerTls {
 public:
  // Code::config_invalid, with the file and the reason, when the pair cannot be used.
  [[nodiscard]] static Result<ServerTls> load(TlsFiles files);

  // Looks at the files when that is due, and reads them if they have changed; nullopt when not. New
  // files that cannot be used leave the old certificate in place: the error says why, once for each
  // change.
  [[nodiscard]] std::optional<Status> refresh(SteadyTime now);
  // For a new connection; null when there is no memory.
  [[nodiscard]] ServerSsl accepting() const;

 private:
  explicit ServerTls(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] Status read();

  TlsFiles files_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::string seen_;  // what tells one version of the files from the next
  SteadyTime next_look_{};
};

}  // namespace mayfly::os
