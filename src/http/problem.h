#pragma once

// RFC 9457 problem documents: how every error leaves the service, and how GitHub-shaped and our own
// errors become one. Never contains what the caller sent, unless made printable.

#include "base/result.h"
#include "seam/http_message.h"

namespace mayfly {

// {"type","title","status","code","detail","remedy"}; Retry-After where the error names a wait.
[[nodiscard]] HttpResponse problem_response(const Error& error);

// application/json with Cache-Control: no-store.
[[nodiscard]] HttpResponse json_response(int status, std::string body);

}  // namespace mayfly
