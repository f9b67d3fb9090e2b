#pragma once

// One connection of the server: reads a request, has it answered, writes the answer, and again.
// Private to os. Thread rule: all of it on the io thread; only the callback given to Submit may be
// called from elsewhere.

#include <functional>
#include <memory>
#include <optional>

#include "os/beast.h"
#include "os/growing_body.h"
#include "os/http_server.h"
#include "os/server_stream.h"

namespace mayfly::os {

using Respond = std::function<void(HttpResponse)>;
// Takes a request to be answered once through Respond, or refuses it at once: false.
using Submit = std::function<bool(HttpRequest, Respond)>;

// on_error, with a bare answer in place of one that throws.
[[nodiscard]] HttpResponse error_response(const HttpServerOptions& options, const Error& error);

// How many sessions are receiving a large body, or have one that waits for its answer. Used by the
// socket thread alone.
using LargeBodyCount = std::size_t;

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // permit is held as long as the session lives. options and submit must outlive it.
  HttpSession(ServerStream stream, const HttpServerOptions& options, const Submit& submit,
              LargeBodyCount& large_bodies, std::shared_ptr<void> permit);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void start();

 private:
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<GrowingBody>;

  void await_request();
  void read_header();
  void on_header(ErrorCode error);
  void read_body();
  [[nodiscard]] bool takes_large_body() const;
  [[nodiscard]] std::uint64_t body_limit() const;
  // False: it was refused.
  [[nodiscard]] bool admit_body();
  void release_large_body();
  void on_read_error(ErrorCode error);
  void dispatch();
  void answer(const HttpResponse& response);
  void refuse(Code code, std::string message);
  void refuse(const Error& error);
  void linger();
  void drain(std::size_t left);

  // After this time the pending operation fails, and is_expired_ says why. One at a time.
  void arm(Millis time);
  void disarm();

  ServerStream stream_;
  boost::asio::steady_timer timer_;
  const HttpServerOptions& options_;
  const Submit& submit_;
  LargeBodyCount& large_bodies_;
  std::shared_ptr<void> permit_;
  IpAddress peer_;  // of the socket
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  HttpRequest request_;
  std::string out_;
  std::size_t requests_ = 0;
  unsigned armed_ = 0;  // tells a timer that fires late that it is no longer meant
  bool is_expired_ = false;
  bool is_head_ = false;
  bool has_large_body_ = false;
  bool keep_alive_ = false;
};

}  // namespace mayfly::os
