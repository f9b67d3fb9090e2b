#include "os/server_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

namespace mayfly::os {

namespace asio = boost::asio;

void FreeServerSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

ServerStream::ServerStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  ErrorCode ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

bool ServerStream::expect_tls(ServerSsl ssl) {
  ssl_ = std::move(ssl);
  return ssl_ && SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1;
}

IpAddress ServerStream::peer() const {
  ErrorCode error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return {};
  const asio::ip::address address = endpoint.address();
  const auto v6 = address.is_v6() ? address.to_v6()
                                  : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  return {v6.to_bytes()};
}

void ServerStream::cancel() {
  is_cancelled_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

bool ServerStream::shutdown_send() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // the announcement of the end; where it does not fit, there is none
    ssl_.reset();
  }
  ErrorCode error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  return !error;
}

template <class Operation>
ServerStream::Tried ServerStream::try_plain(Next when_not_ready, Operation operation) {
  for (;;) {
    const ssize_t size = operation();
    if (size >= 0) return {.size = static_cast<std::size_t>(size)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.next = when_not_ready};
    if (errno != EINTR) return {.error = ErrorCode(errno, boost::system::system_category())};
  }
}

template <class Operation>
ServerStream::Tried ServerStream::try_tls(Operation operation) {
  ERR_clear_error();
  std::size_t size = 0;
  const int result = operation(&size);
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return {.size = size};
    case SSL_ERROR_WANT_READ:
      return {.next = Next::await_readable};
    case SSL_ERROR_WANT_WRITE:
      return {.next = Next::await_writable};
    case SSL_ERROR_ZERO_RETURN:
      return {.error = asio::error::eof};
    default:
      return {.error = asio::error::connection_reset};
  }
}

ServerStream::Tried ServerStream::attempt(asio::mutable_buffer buffer, ErrorCode error) {
  if (is_cancelled_) error = asio::error::operation_aborted;
  if (error || buffer.size() == 0) return {.error = error};
  if (ssl_) {
    return try_tls([&](std::size_t* size) {
      return SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), size);
    });
  }
  Tried tried = try_plain(Next::await_readable, [&] {
    return recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  });
  const bool is_end = tried.next == Next::finish && !tried.error && tried.size == 0;
  if (is_end) tried.error = asio::error::eof;
  return tried;
}

ServerStream::Tried ServerStream::attempt(asio::const_buffer buffer, ErrorCode error) {
  if (is_cancelled_) error = asio::error::operation_aborted;
  if (error || buffer.size() == 0) return {.error = error};
  if (ssl_) {
    return try_tls([&](std::size_t* size) {
      return SSL_write_ex(ssl_.get(), buffer.data(), buffer.size(), size);
    });
  }
  return try_plain(Next::await_writable, [&] {
    return send(socket_.native_handle(), buffer.data(), buffer.size(), MSG_NOSIGNAL);
  });
}

}  // namespace mayfly::os
