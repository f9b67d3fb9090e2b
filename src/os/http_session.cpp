#include "os/http_session.h"

#include <boost/beast/core/string.hpp>
#include <exception>

#include "base/text.h"
#include "os/forwarded.h"
#include "os/http_wire.h"

namespace mayfly::os {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Beyond the headers, so that the parser's own limit is met first.
constexpr std::size_t k_buffer_slack = 16 * 1024;
// Of an idle connection: most requests' headers fit.
constexpr std::size_t k_first_bytes = 512;
constexpr Millis k_linger_time{2'000};
constexpr std::size_t k_linger_bytes = 1024 * 1024;

bool is_name(std::string_view name, std::string_view lower) { return to_lower(name) == lower; }

HttpRequest to_request(const http::request<GrowingBody>& message) {
  HttpRequest out;
  out.method = std::string(message.method_string());
  out.url = std::string(message.target());
  for (const auto& field : message)
    out.headers.add(std::string(field.name_string()), std::string(field.value()));
  return out;
}

// What two readers of the same bytes could take for different requests.
std::optional<std::string> ambiguity(const HttpRequest& request, unsigned version) {
  const Headers& headers = request.headers;
  const auto length = headers.find("Content-Length");
  const auto encoding = headers.find("Transfer-Encoding");
  if (headers.count("Content-Length") > 1 || (length && length->find(',') != length->npos))
    return "more than one Content-Length";
  if (length && encoding) return "Content-Length with Transfer-Encoding";
  if (headers.count("Transfer-Encoding") > 1 || (encoding && !is_name(*encoding, "chunked")))
    return "a Transfer-Encoding other than chunked";
  if (encoding && version < 11) return "Transfer-Encoding in HTTP/1.0";
  if (headers.count("Host") > 1 || (version >= 11 && headers.count("Host") == 0))
    return "not exactly one Host";
  const auto expect = headers.find("Expect");
  if (expect && !is_name(*expect, "100-continue")) return "an unknown Expect";
  return std::nullopt;
}

}  // namespace

HttpResponse error_response(const HttpServerOptions& options, const Error& error) {
  HttpResponse out;
  try {
    out = options.on_error(error);
  } catch (const std::exception&) {
    out = HttpResponse{.status = info(error.code).http_status, .headers = {}, .body = ""};
  }
  if (error.retry_after && !out.headers.find("Retry-After")) {
    const auto seconds = std::chrono::ceil<Seconds>(*error.retry_after);
    out.headers.add("Retry-After", std::to_string(seconds.count()));
  }
  return out;
}

HttpSession::HttpSession(ServerStream stream, const HttpServerOptions& options,
                         const Submit& submit, LargeBodyCount& large_bodies,
                         std::shared_ptr<void> permit)
    : stream_(std::move(stream)),
      timer_(stream_.get_executor()),
      options_(options),
      submit_(submit),
      large_bodies_(large_bodies),
      permit_(std::move(permit)),
      peer_(stream_.peer()),
      buffer_(options.header_bytes_max + k_buffer_slack) {}

HttpSession::~HttpSession() { release_large_body(); }

bool HttpSession::takes_large_body() const {
  return options_.large_bodies && request_.url == options_.large_bodies->path;
}

void HttpSession::release_large_body() {
  if (has_large_body_) --large_bodies_;
  has_large_body_ = false;
}

std::uint64_t HttpSession::body_limit() const {
  return takes_large_body() ? options_.large_bodies->bytes_max : options_.body_bytes_max;
}

// The parser was made for the longest body that any path takes.
bool HttpSession::admit_body() {
  const std::uint64_t announced = parser_->content_length_remaining().value_or(0);
  if (announced > body_limit()) {
    on_read_error(http::make_error_code(http::error::body_limit));
    return false;
  }
  parser_->body_limit(body_limit());
  const bool may_be_long = parser_->chunked() || announced > options_.body_bytes_max;
  if (!takes_large_body() || !may_be_long) return true;
  if (large_bodies_ >= options_.large_bodies->at_once) {
    refuse({Code::overloaded, "too many long requests at once", Millis{1000}});
    return false;
  }
  ++large_bodies_;
  has_large_body_ = true;
  return true;
}

void HttpSession::start() { await_request(); }

void HttpSession::await_request() {
  if (buffer_.size() > 0) return read_header();
  arm(options_.idle_timeout);
  buffer_.shrink_to_fit();
  stream_.async_read_some(buffer_.prepare(k_first_bytes),
                          [self = shared_from_this()](ErrorCode error, std::size_t size) {
                            self->disarm();
                            if (error) return;
                            self->buffer_.commit(size);
                            self->read_header();
                          });
}

void HttpSession::read_header() {
  arm(options_.read_timeout);
  ++requests_;
  parser_.emplace();
  parser_->header_limit(options_.header_bytes_max);
  parser_->body_limit(options_.large_bodies
                          ? std::max(options_.large_bodies->bytes_max, options_.body_bytes_max)
                          : options_.body_bytes_max);
  is_head_ = false;
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

void HttpSession::on_header(ErrorCode error) {
  if (error || is_expired_) return on_read_error(error);
  const auto& message = parser_->get();
  // Taken before the body is read: trailers must not be able to add to the headers.
  request_ = to_request(message);
  request_.peer = to_string(client_address(peer_, request_.headers, options_.trusted_proxies));
  keep_alive_ = parser_->keep_alive() && message.version() >= 11 &&
                requests_ < options_.requests_per_connection_max;
  if (auto why = ambiguity(request_, message.version()))
    return refuse(Code::bad_request_line, std::move(*why));
  is_head_ = request_.method == "HEAD";
  if (is_head_) request_.method = "GET";
  if (!admit_body()) return;

  const bool wants_continue = request_.headers.find("Expect") && message.version() >= 11;
  if (!wants_continue || parser_->is_done()) return read_body();
  static constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(k_continue),
                    [self = shared_from_this()](ErrorCode failed, std::size_t) {
                      if (!failed && !self->is_expired_) self->read_body();
                    });
}

void HttpSession::read_body() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](ErrorCode error, std::size_t) {
                     if (error || self->is_expired_) return self->on_read_error(error);
                     self->request_.body = std::move(self->parser_->get().body());
                     self->dispatch();
                   });
}

void HttpSession::on_read_error(ErrorCode error) {
  if (is_expired_) return refuse(Code::request_timeout, "the request did not arrive in time");
  if (error == http::error::body_limit)
    return refuse(Code::body_too_large, "at most " + std::to_string(body_limit()) + " bytes");
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return refuse(Code::headers_too_large,
                  "at most " + std::to_string(options_.header_bytes_max) + " bytes");
  const bool is_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  // Any other error of the parser has its category; the rest are the socket's: nobody to answer.
  if (!is_gone && error.category() == http::make_error_code(http::error::bad_method).category())
    refuse(Code::bad_request_line, error.message());
}

void HttpSession::dispatch() {
  disarm();
  // The session goes back to the io thread whole: its last owner must not be a worker.
  auto respond = [self = shared_from_this()](HttpResponse response) mutable {
    auto executor = self->stream_.get_executor();
    asio::post(executor, [self = std::move(self), response = std::move(response)] {
      self->answer(response);
    });
  };
  if (submit_(std::move(request_), std::move(respond))) return;
  Error busy{Code::overloaded, "every worker is busy and the queue is full", Millis{1000}};
  answer(error_response(options_, busy));
}

void HttpSession::refuse(Code code, std::string message) {
  refuse(Error{code, std::move(message), std::nullopt});
}

void HttpSession::refuse(const Error& error) {
  keep_alive_ = false;
  answer(error_response(options_, error));
}

void HttpSession::answer(const HttpResponse& response) {
  out_ = response_bytes(response, {.keep_alive = keep_alive_, .without_body = is_head_});
  parser_.reset();
  release_large_body();
  arm(options_.write_timeout);
  asio::async_write(stream_, asio::buffer(out_),
                    [self = shared_from_this()](ErrorCode error, std::size_t) {
                      self->disarm();
                      if (error) return;
                      self->out_ = {};
                      self->keep_alive_ ? self->await_request() : self->linger();
                    });
}

// Closing while the client still sends would reset the connection and could take the answer with
// it: say that we are done, and read on for a little while.
void HttpSession::linger() {
  if (!stream_.shutdown_send()) return;
  arm(k_linger_time);
  drain(k_linger_bytes);
}

void HttpSession::drain(std::size_t left) {
  buffer_.clear();
  buffer_.shrink_to_fit();  // thousands that were cut off at once linger at once
  stream_.async_read_some(buffer_.prepare(k_first_bytes),
                          [self = shared_from_this(), left](ErrorCode error, std::size_t size) {
                            if (!error && !self->is_expired_ && size < left)
                              self->drain(left - size);
                          });
}

void HttpSession::arm(Millis time) {
  is_expired_ = false;
  stream_.resume();
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), armed = ++armed_](ErrorCode error) {
    const auto self = weak.lock();
    if (error || !self || armed != self->armed_) return;
    self->is_expired_ = true;
    self->stream_.cancel();
  });
}

void HttpSession::disarm() {
  ++armed_;
  timer_.cancel();
}

}  // namespace mayfly::os
