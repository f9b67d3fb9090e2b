#pragma once

// For tests: raw TCP on loopback, every wait bounded, so that a test can speak broken HTTP.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/file_descriptor.h"
#include "os/system_clock.h"
#include "os/threads.h"

namespace mayfly::os {

// Tests that wait for something fail after this, rather than hang.
inline constexpr Millis k_patience{5'000};

// Until the condition holds; false when patience ends first.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

class RawConnection {
 public:
  explicit RawConnection(FileDescriptor socket);
  // source: of loopback as well.
  [[nodiscard]] static RawConnection to(std::uint16_t port,
                                        const std::string& source = "127.0.0.1");

  bool send(std::string_view bytes);
  // Everything up to and with `mark`; what came so far at the end of the stream or of patience.
  std::string read_until(std::string_view mark);
  // One message with a Content-Length (or none), as it stands on the wire.
  std::string read_message();
  // Until the other side closes.
  std::string read_all();
  // The other side has closed, and has sent nothing more.
  bool is_at_end();
  [[nodiscard]] int fd() const { return socket_.get(); }
  // With a reset rather than an orderly end.
  void abort();
  void close() { socket_.reset(); }

 private:
  bool read_more();

  FileDescriptor socket_;
  std::string pending_;
};

// Runs the script for each connection, one after the other. The script is given the connection's
// number, from 0.
class ScriptedServer {
 public:
  using Script = std::function<void(RawConnection&, int)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view target) const;
  [[nodiscard]] int connections() const { return connections_; }  // so far
  [[nodiscard]] int closed() const { return closed_; }            // of these

 private:
  void serve(const Script& script);

  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::atomic<int> closed_ = 0;
  std::optional<NamedThread> thread_;
};

// A loopback port on which nobody listens.
[[nodiscard]] std::uint16_t unused_port();

}  // namespace mayfly::os
