// Targets of inbound requests with their query, URLs of outbound ones, and the percent and base64
// encodings beneath.

#include "http/url.h"
#include "fuzz/laws.h"
#include "os/http_wire.h"
#include "web/requests.h"

namespace mayfly::fuzz {
namespace {

void check_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  const std::string& path = target->path;
  law(text.size() <= 2048, "a target is at most 2048 bytes");
  law(path.starts_with('/') && path.find('\0') == std::string::npos, "a path starts with a slash");
  law((path + "/").find("//") == std::string::npos || path.ends_with('/'), "no empty segment",
      path);
  law((path + "/").find("/./") == std::string::npos &&
          (path + "/").find("/../") == std::string::npos,
      "no segment that another reader would resolve", path);
  std::string written = percent_encode(path, true);
  if (!target->query.empty()) written += "?" + encode_query(target->query);
  const auto again = parse_target(written);
  // Encoding may lengthen it beyond the limit.
  law(again.has_value() || written.size() > 2048, "a target is accepted again when written",
      written);
  if (again)
    law(again->path == path && again->query == target->query, "and means the same", written);

  const auto wait = parse_wait(*target);
  if (!wait) {
    check_error(wait.error());
    law(wait.error().code == Code::bad_field, "a bad parameter is bad-field");
  } else if (*wait) {
    law(**wait >= Seconds{1} && **wait <= Seconds{120}, "a wait is from 1 to 120 seconds");
  }
}

void check_url(std::string_view text) {
  const auto url = parse_url(text);
  const auto destination = os::parse_destination(text);
  law(url.has_value() == destination.has_value(), "both readers of URLs agree");
  if (!url) return;
  law(url->scheme == "http" || url->scheme == "https", "a URL is http or https");
  law(!url->host.empty() && is_clean(url->host), "a URL has a host of printable characters");
  const auto port = parse_int(url->port);
  law(port && *port >= 1 && *port <= 65535, "a port is from 1 to 65535");
  law(url->target.starts_with('/') && is_clean(url->target), "a target starts with a slash");
  const std::string written = url->scheme + "://" + url->authority() + url->target;
  const auto again = parse_url(written);
  law(again && again->host == url->host && again->port == url->port && again->target == url->target,
      "a URL is accepted again when written, and means the same", written);
  const auto bytes = os::request_bytes({"GET", std::string(text), {}, ""}, *destination);
  law(bytes.has_value(), "a URL can be asked for");
  law(bytes->find("\r\n\r\n") == bytes->size() - 4, "and ends the head only at its end", *bytes);
}

void check_encodings(std::string_view text) {
  law(percent_decode(percent_encode(text)) == text, "percent encoding comes back");
  law(base64_decode(base64_encode(text)) == text, "base64 comes back");
  if (const auto decoded = base64_decode(text))
    law(base64_encode(*decoded) == text, "base64 has one form only", text);
  law(is_clean(printable(text)), "printable text is clean");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = mayfly::fuzz::text_of(data, size);
  mayfly::fuzz::check_target(text);
  mayfly::fuzz::check_url(text);
  mayfly::fuzz::check_encodings(text);
  return 0;
}
