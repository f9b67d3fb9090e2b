#pragma once

// HTTP/1.1 messages as bytes: what we send, in either direction, and the parts of a URL that decide
// where to. Pure. Private to os.
//
// The framing is ours alone: Content-Length, Transfer-Encoding and Connection in the headers given
// are left out. A header that could break the framing (control characters, a name that is no token)
// refuses a request, and is left out of a response.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/http_message.h"

namespace mayfly::os {

struct Origin {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, without brackets
  std::string port;    // never empty

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

struct Destination {
  Origin origin;
  std::string authority;  // as the Host header wants it: as written, without the scheme's own port
  std::string target;     // "/path?query", at least "/"
};

// Absolute http and https URLs without user info or fragment, printable ASCII only.
[[nodiscard]] std::optional<Destination> parse_destination(std::string_view url);

// Host is added where the headers have none; Content-Length always for a body, and for POST, PUT
// and PATCH. Code::transport_not_sent for a method, header or URL that cannot be sent.
[[nodiscard]] Result<std::string> request_bytes(const HttpRequest& request,
                                                const Destination& destination);

struct ResponseForm {
  bool keep_alive = false;
  bool without_body = false;  // to a HEAD: the headers as for GET, and nothing after them
};
[[nodiscard]] std::string response_bytes(const HttpResponse& response, ResponseForm form);

}  // namespace mayfly::os
