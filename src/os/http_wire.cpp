#include "os/http_wire.h"

#include <algorithm>
#include <array>

#include "base/text.h"

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

// "host", "host:port", "[v6]" or "[v6]:port".
bool split_authority(std::string_view text, Origin& origin) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    origin.host = to_lower(text.substr(1, close - 1));
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    origin.host = to_lower(text.substr(0, colon));
    port = text.substr(colon);
  }
  if (origin.host.empty()) return false;
  origin.port = origin.scheme == "https" ? "443" : "80";
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  const auto number = parse_int(port.substr(1));
  if (!number || *number < 1 || *number > 65535) return false;
  origin.port = std::to_string(*number);
  return true;
}

std::string authority_of(const Origin& origin) {
  const bool is_v6 = origin.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + origin.host + "]" : origin.host;
  const bool is_default = origin.port == (origin.scheme == "https" ? "443" : "80");
  return is_default ? host : host + ":" + origin.port;
}

}  // namespace

std::optional<Destination> parse_destination(std::string_view url) {
  const bool is_plain = std::all_of(
      url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '\\'; });
  const std::size_t mark = url.find("://");
  if (!is_plain || mark == std::string_view::npos) return std::nullopt;

  Destination out;
  out.origin.scheme = to_lower(url.substr(0, mark));
  if (out.origin.scheme != "http" && out.origin.scheme != "https") return std::nullopt;
  const std::string_view rest = url.substr(mark + 3);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, path);
  if (authority.find('@') != std::string_view::npos || !split_authority(authority, out.origin))
    return std::nullopt;
  out.authority = authority_of(out.origin);
  out.target = rest.substr(path);
  if (out.target.empty() || out.target.front() == '?') out.target.insert(0, "/");
  return out;
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
  return out + "\r\n" + request.body;
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
