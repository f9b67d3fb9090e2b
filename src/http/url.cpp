#include "http/url.h"

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::size_t k_target_max = 2048;

std::optional<QueryParameters> parse_query(std::string_view query) {
  QueryParameters parameters;
  if (query.empty()) return parameters;
  for (const std::string& pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    const std::string_view view = pair;
    auto name = percent_decode(view.substr(0, equals));
    auto value = percent_decode(equals == std::string::npos ? "" : view.substr(equals + 1));
    if (!name || !value || name->empty()) return std::nullopt;
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

// What may stand between brackets (RFC 3986, 3.2.2), without a zone.
bool is_ipv6(std::string_view lower) {
  return lower.find(':') != std::string_view::npos && is_all_of(lower, "0123456789abcdef:.");
}

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  if (path.find('\0') != std::string_view::npos || path.find("//") != std::string_view::npos)
    return false;
  for (const std::string& segment : split(path.substr(1), '/'))
    if (segment == "." || segment == "..") return false;
  return true;
}

}  // namespace

std::string encode_query(const QueryParameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + '=' + percent_encode(value);
  }
  return out;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.size() > k_target_max) return std::nullopt;
  for (const char c : target)
    if (c <= 0x20 || c >= 0x7f || c == '#') return std::nullopt;
  const std::size_t mark = target.find('?');
  auto path = percent_decode(target.substr(0, mark));
  auto query = parse_query(mark == std::string_view::npos ? "" : target.substr(mark + 1));
  if (!path || !query || !is_plain_path(*path)) return std::nullopt;
  return Target{std::move(*path), std::move(*query)};
}

std::string Url::authority() const {
  const std::string bracketed = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool is_default = port == (scheme == "https" ? "443" : "80");
  return is_default ? bracketed : bracketed + ":" + port;
}

std::optional<Url> parse_url(std::string_view url) {
  Url out;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  out.scheme = to_lower(url.substr(0, colon));
  if (out.scheme != "http" && out.scheme != "https") return std::nullopt;
  std::string_view rest = url.substr(colon + 3);
  for (const char c : rest)
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return std::nullopt;
  const std::size_t slash = rest.find_first_of("/?");
  std::string_view host_port = rest.substr(0, slash);
  out.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (out.target.front() == '?') out.target.insert(0, "/");
  if (host_port.find('@') != std::string_view::npos) return std::nullopt;

  std::size_t port_mark = host_port.rfind(':');
  if (!host_port.empty() && host_port.front() == '[') {
    const std::size_t close = host_port.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = to_lower(host_port.substr(1, close - 1));
    if (!is_ipv6(out.host)) return std::nullopt;
    port_mark = close + 1 < host_port.size() ? close + 1 : std::string_view::npos;
    if (port_mark != std::string_view::npos && host_port[port_mark] != ':') return std::nullopt;
  } else {
    out.host = to_lower(host_port.substr(0, port_mark));
    if (out.host.find_first_of(":[]") != std::string::npos) return std::nullopt;
  }
  out.port = port_mark == std::string_view::npos ? (out.scheme == "https" ? "443" : "80")
                                                 : std::string(host_port.substr(port_mark + 1));
  const auto port = parse_int(out.port);
  if (out.host.empty() || !port || *port < 1 || *port > 65535) return std::nullopt;
  out.port = std::to_string(*port);
  return out;
}

}  // namespace mayfly
