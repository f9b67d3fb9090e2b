#include "os/http_exchange.h"

#include <array>
#include <string>

#include "os/beast.h"

namespace mayfly::os {
namespace {

namespace beast = boost::beast;
using Parser = beast::http::response_parser<beast::http::string_body>;

constexpr std::uint32_t k_headers_max = 64 * 1024;
constexpr std::uint64_t k_body_max = 32ULL * 1024 * 1024;
constexpr int k_interim_max = 8;

Error lost(Error error) {
  error.code = Code::transport_lost;
  return error;
}

// Bytes that came and are not parsed yet.
struct Input {
  ByteStream& stream;
  const Deadline& deadline;
  std::string pending = {};
  bool has_started = false;

  // 0 at the end of the stream.
  Result<std::size_t> read_more() {
    std::array<char, 16 * 1024> chunk;
    TRY_ASSIGN(const std::size_t got, stream.read_some(chunk, deadline));
    pending.append(chunk.data(), got);
    has_started = has_started || got > 0;
    return got;
  }
};

Status finish_at_end_of_stream(Parser& parser) {
  if (!parser.got_some())
    return fail(Code::transport_lost, "the connection was closed without an answer");
  beast::error_code error;
  parser.put_eof(error);
  if (error) return fail(Code::transport_lost, "the connection was closed within the answer");
  return {};
}

Status read_message(Parser& parser, Input& input) {
  while (!parser.is_done()) {
    beast::error_code error = beast::http::error::need_more;
    std::size_t used = 0;
    if (!input.pending.empty())
      used = parser.put(boost::asio::buffer(std::as_const(input.pending)), error);
    input.pending.erase(0, used);
    if (error && error != beast::http::error::need_more)
      return fail(Code::transport_lost, "the answer cannot be understood: " + error.message());
    if (parser.is_done() || (used > 0 && !input.pending.empty() && !error)) continue;
    TRY_ASSIGN(const std::size_t got, input.read_more());
    if (got == 0) return finish_at_end_of_stream(parser);
  }
  return {};
}

HttpResponse to_response(Parser& parser) {
  HttpResponse out;
  auto& message = parser.get();
  out.status = static_cast<int>(message.result_int());
  for (const auto& field : message)
    out.headers.add(std::string(field.name_string()), std::string(field.value()));
  out.body = std::move(message.body());
  return out;
}

Result<HttpResponse> read_response(Input& input, bool is_head, bool& keep_alive) {
  for (int i = 0; i <= k_interim_max; ++i) {
    Parser parser;
    parser.header_limit(k_headers_max);
    parser.body_limit(k_body_max);
    parser.eager(true);
    parser.skip(is_head);
    TRY(read_message(parser, input));
    if (parser.get().result_int() < 200) continue;
    keep_alive = parser.keep_alive();
    return to_response(parser);
  }
  return fail(Code::transport_lost, "too many interim responses");
}

}  // namespace

Exchange exchange(ByteStream& stream, std::string_view request_bytes, bool is_head,
                  const Deadline& deadline) {
  if (auto written = stream.write_all(request_bytes, deadline); !written)
    return {fail(lost(std::move(written).error()))};
  Input input{stream, deadline};
  bool keep_alive = false;
  auto response = read_response(input, is_head, keep_alive);
  if (!response) return {fail(lost(std::move(response).error())), false, input.has_started};
  return {std::move(response), keep_alive && input.pending.empty(), true};
}

}  // namespace mayfly::os
