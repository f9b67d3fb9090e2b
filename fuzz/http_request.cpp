// Bytes of one connection through the HTTP server's session and the API behind it, to the bytes of
// its answers. GitHub and AWS do not answer.

#include "fuzz/api_laws.h"

// Beast and the session last: they are the server's own.
#include <sys/socket.h>

#include "http/problem.h"
#include "http/url.h"
#include "os/file_descriptor.h"
#include "os/http_session.h"
#include "os/http_wire.h"

namespace mayfly::fuzz {
namespace {

namespace asio = boost::asio;

// As in `mayfly serve`.
os::HttpServerOptions server_options() {
  os::HttpServerOptions options;
  options.body_bytes_max = 16 * 1024;
  options.on_error = [](const Error& error) { return problem_response(error); };
  return options;
}

class Connection {
 public:
  Connection(const os::HttpServerOptions& options, const os::Submit& submit) {
    int ends[2] = {};
    law(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "a socket");
    client_ = os::FileDescriptor(ends[0]);
    asio::ip::tcp::socket server(io_);
    server.assign(asio::ip::tcp::v4(), ends[1]);
    std::make_shared<os::HttpSession>(os::ServerStream(std::move(server)), options, submit,
                                      large_bodies_, nullptr)
        ->start();
  }

  void send(std::string_view piece) {
    (void)::send(client_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    io_.poll();
    read();
  }

  // Everything that was answered, once the session has ended.
  std::string finish() {
    ::shutdown(client_.get(), SHUT_WR);
    while (!io_.stopped()) {
      io_.run_one_for(std::chrono::seconds{1});
      read();
    }
    return std::move(answered_);
  }

 private:
  void read() {
    char bytes[16384];
    for (;;) {
      const ssize_t size = recv(client_.get(), bytes, sizeof bytes, 0);
      if (size <= 0) return;
      answered_.append(bytes, static_cast<std::size_t>(size));
    }
  }

  os::LargeBodyCount large_bodies_ = 0;
  asio::io_context io_;
  os::FileDescriptor client_;
  std::string answered_;
};

struct Exchange {
  std::vector<HttpRequest> requests;
  std::vector<HttpResponse> answers;
};

// Takes one answer off the bytes. A HEAD is answered without the body that its headers announce.
HttpResponse take_answer(std::string_view& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  law(end != std::string_view::npos, "an answer has a whole head", bytes);
  std::string_view head = bytes.substr(0, end + 2);
  bytes.remove_prefix(end + 4);
  HttpResponse answer;
  const std::string_view first = take_line(head);
  law(first.starts_with("HTTP/1.1 ") && first.size() >= 14, "an answer is HTTP/1.1", first);
  answer.status = static_cast<int>(parse_int(first.substr(9, 3)).value_or(0));
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const std::size_t colon = line.find(": ");
    law(colon != std::string_view::npos && line.ends_with('\r'), "a header is one line", line);
    const std::string_view value = line.substr(colon + 2, line.size() - colon - 3);
    law(is_clean(value), "a header is clean", value);
    answer.headers.add(std::string(line.substr(0, colon)), std::string(value));
  }
  const auto length = parse_int(answer.headers.find("Content-Length").value_or("0"));
  law(length.has_value(), "a length is a number");
  const auto size = static_cast<std::size_t>(*length);
  const bool is_head = size > 0 && (bytes.empty() || bytes.starts_with("HTTP/1.1 "));
  if (is_head) answer.headers.add("X-Without-Body", "");
  law(is_head || size <= bytes.size(), "a body is as long as announced");
  if (!is_head) {
    answer.body = std::string(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return answer;
}

// The bytes, sent in pieces of that size.
Exchange run(std::string_view bytes, std::size_t piece, ApiHarness& harness) {
  Exchange out;
  const os::HttpServerOptions options = server_options();
  const os::Submit submit = [&](HttpRequest request, const os::Respond& respond) {
    out.requests.push_back(request);
    respond(harness.ask(request));
    return true;
  };
  Connection connection(options, submit);
  for (std::size_t at = 0; at < bytes.size(); at += piece) connection.send(bytes.substr(at, piece));
  const std::string answered = connection.finish();
  for (std::string_view left = answered; !left.empty();) {
    HttpResponse answer = take_answer(left);
    if (answer.status == 100) continue;
    if (!answer.headers.find("X-Without-Body")) check_answer(answer);
    out.answers.push_back(std::move(answer));
  }
  return out;
}

void check_request(const HttpRequest& request, const os::HttpServerOptions& options) {
  law(!request.method.empty() && is_clean(request.method), "a method is a token");
  law(request.body.size() <= options.body_bytes_max, "a body is within its limit");
  law(request.headers.count("Content-Length") <= 1 && request.headers.count("Host") <= 1,
      "one length and one Host");
  law(!request.headers.find("Content-Length") || !request.headers.find("Transfer-Encoding"),
      "a length or a transfer encoding");
  std::size_t size = 0;
  for (const Header& header : request.headers) {
    law(header.name.find_first_of(std::string_view("\r\n\0 :", 5)) == std::string::npos,
        "a header's name is a token", header.name);
    law(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
        "a header's value is one line", header.value);
    size += header.name.size() + header.value.size();
  }
  law(size <= options.header_bytes_max, "headers are within their limit");
}

std::string statuses(const Exchange& exchange, std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < std::min(count, exchange.answers.size()); ++i)
    list += std::to_string(exchange.answers[i].status) + " ";
  return list;
}

// A head that is wrong before its end is refused at once when it comes whole, but waited for when
// it comes in pieces: of what is no request the refusal may be missing.
void check_same_answers(const Exchange& whole, const Exchange& torn) {
  for (const Exchange* one : {&whole, &torn}) {
    law(one->answers.size() >= one->requests.size(), "every request is answered");
    law(one->answers.size() <= one->requests.size() + 1, "one refusal ends a connection");
    law(one->answers.size() == one->requests.size() ||
            one->answers.back().headers.find("Connection") == "close",
        "and says so");
  }
  const std::size_t count = whole.requests.size();
  law(statuses(whole, count) == statuses(torn, count),
      "how the bytes are cut into packets changes no answer",
      statuses(whole, count) + "or " + statuses(torn, count));
}

bool same(const HttpRequest& a, const HttpRequest& b) {
  return a.method == b.method && a.url == b.url && a.body == b.body &&
         std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(),
                    [](const Header& x, const Header& y) {
                      return x.name == y.name && x.value == y.value;
                    });
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static fuzz::ApiHarness harness;
  // What a socket takes at once.
  const std::string_view bytes = fuzz::text_of(data, std::min<std::size_t>(size, 64 * 1024));
  const fuzz::Exchange whole = fuzz::run(bytes, std::max<std::size_t>(bytes.size(), 1), harness);
  harness.finish();
  const fuzz::Exchange torn = fuzz::run(bytes, 1 + bytes.size() / 24, harness);
  harness.finish();

  for (const HttpRequest& request : whole.requests)
    fuzz::check_request(request, fuzz::server_options());
  fuzz::law(std::equal(whole.requests.begin(), whole.requests.end(), torn.requests.begin(),
                       torn.requests.end(), fuzz::same),
            "how the bytes are cut into packets changes no request");
  fuzz::check_same_answers(whole, torn);
  return 0;
}
