#include "os/http_wire.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/url.h"

namespace mayfly::os {
namespace {

constexpr std::string_view k_token_marks = "!#$%&'*+-.^_`|~";

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || k_token_marks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool can_be_sent(const Header& header) {
  return is_token(header.name) && is_field_value(header.value);
}

bool is_framing(std::string_view name) {
  static constexpr std::array k_ours = {
      "content-length", "transfer-encoding", "connection", "keep-alive", "te", "upgrade"};
  const std::string lower = to_lower(name);
  return std::find(k_ours.begin(), k_ours.end(), lower) != k_ours.end();
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";  // allowed by RFC 9112, 4
  }
}

}  // namespace

std::optional<Destination> parse_destination(std::string_view url) {
  auto parsed = parse_url(url);
  if (!parsed) return std::nullopt;
  std::string authority = parsed->authority();
  return Destination{{std::move(parsed->scheme), std::move(parsed->host), std::move(parsed->port)},
                     std::move(authority),
                     std::move(parsed->target)};
}

Result<std::string> request_bytes(const HttpRequest& request, const Destination& destination) {
  if (!is_token(request.method))
    return fail(Code::transport_not_sent, "not a method: " + printable(request.method));
  std::string out = request.method + ' ' + destination.target + " HTTP/1.1\r\n";
  if (!request.headers.find("Host")) append_header(out, "Host", destination.authority);
  for (const Header& header : request.headers) {
    if (!can_be_sent(header))
      return fail(Code::transport_not_sent, "not a header: " + printable(header.name));
    if (!is_framing(header.name)) append_header(out, header.name, header.value);
  }
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) append_header(out, "Content-Length", std::to_string(request.body.size()));
  out.append("\r\n").append(request.body);
  return out;
}

std::string response_bytes(const HttpResponse& response, ResponseForm form) {
  const bool can_have_body =
      response.status >= 200 && response.status != 204 && response.status != 304;
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out.append(reason_phrase(response.status)).append("\r\n");
  for (const Header& header : response.headers)
    if (can_be_sent(header) && !is_framing(header.name))
      append_header(out, header.name, header.value);
  if (can_have_body) append_header(out, "Content-Length", std::to_string(response.body.size()));
  append_header(out, "Connection", form.keep_alive ? "keep-alive" : "close");
  out += "\r\n";
  if (can_have_body && !form.without_body) out += response.body;
  return out;
}

}  // namespace mayfly::os
