#pragma once

// The server's end of one connection, plain or TLS, as an AsyncStream of Asio: one operation at a
// time, with callbacks only. TLS goes by readiness on the socket itself rather than through
// asio::ssl::stream, whose own buffers would cost every idle connection about 70 KB; OpenSSL gives
// its buffers back between records.
//
// The TLS handshake is part of the first read. Errors of the socket and of TLS have categories of
// their own, never that of HTTP. Private to os. Thread rule: the io thread.

#include <memory>

#include "base/ip_address.h"
#include "os/beast.h"

struct ssl_st;

namespace mayfly::os {

struct FreeServerSsl {
  void operator()(ssl_st* ssl) const;
};
using ServerSsl = std::unique_ptr<ssl_st, FreeServerSsl>;

class ServerStream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;
  using ErrorCode = boost::system::error_code;

  // Plain.
  explicit ServerStream(boost::asio::ip::tcp::socket socket);
  // From the first byte on. ssl: in its accepting state. False when there is no memory for it.
  [[nodiscard]] bool expect_tls(ServerSsl ssl);

  executor_type get_executor() { return socket_.get_executor(); }
  // All zero when the other side has gone already.
  [[nodiscard]] IpAddress peer() const;

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    start(boost::asio::mutable_buffer(*boost::asio::buffer_sequence_begin(buffers)),
          std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    start(boost::asio::const_buffer(*boost::asio::buffer_sequence_begin(buffers)),
          std::forward<Handler>(handler));
  }

  // Fails the pending operation, and every later one until resume(): the next of a series may begin
  // before the handler that is told of the first.
  void cancel();
  void resume() { is_cancelled_ = false; }
  // Nothing more will be sent. What is read from then on is as it came, no longer decrypted. False
  // when the connection is gone.
  bool shutdown_send();

 private:
  enum class Next { finish, await_readable, await_writable };
  struct Tried {
    Next next = Next::finish;
    ErrorCode error = {};
    std::size_t size = 0;
  };

  template <class Buffer>
  struct Attempt {
    ServerStream& stream;
    Buffer buffer;
    Tried tried = {};
    bool is_first = true;
    bool is_finished = false;

    template <class Self>
    void operator()(Self& self, ErrorCode error = {}) {
      if (!is_finished) tried = stream.attempt(buffer, error);
      const bool may_finish = is_finished || !is_first;
      is_first = false;
      auto& socket = stream.socket_;
      if (tried.next == Next::await_readable)
        return socket.async_wait(socket.wait_read, std::move(self));
      if (tried.next == Next::await_writable)
        return socket.async_wait(socket.wait_write, std::move(self));
      if (may_finish) return self.complete(tried.error, tried.size);
      is_finished = true;  // a handler is never called from within the call that starts it
      boost::asio::post(socket.get_executor(), std::move(self));
    }
  };

  template <class Buffer, class Handler>
  void start(Buffer buffer, Handler&& handler) {
    boost::asio::async_compose<Handler, void(ErrorCode, std::size_t)>(
        Attempt<Buffer>{*this, buffer}, handler, socket_);
  }

  // One try that does not block.
  Tried attempt(boost::asio::mutable_buffer buffer, ErrorCode error);
  Tried attempt(boost::asio::const_buffer buffer, ErrorCode error);
  template <class Operation>
  Tried try_plain(Next when_not_ready, Operation operation);
  template <class Operation>
  Tried try_tls(Operation operation);

  boost::asio::ip::tcp::socket socket_;
  ServerSsl ssl_;
  bool is_cancelled_ = false;
};

}  // namespace mayfly::os
