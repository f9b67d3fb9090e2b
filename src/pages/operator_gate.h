#pragma once

// Who may see the operator's pages.
//
// With a token: whoever sends it, as the password of HTTP Basic (any user name) or as a Bearer
// token. Without one: whoever reaches the listener, which is on loopback, by a name of loopback; so
// that a page in the operator's browser cannot reach it through a name that it has made to mean
// loopback.
//
// A link carries its own right: "<expires>-<HMAC-SHA-256 of it under the token>", in its path. The
// service keeps no list of them; a link ends at its time, or for all links when the token changes.
// Pure; every comparison takes the same time whatever is wrong.

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "seam/http_message.h"

namespace mayfly::pages {

inline constexpr std::size_t k_token_min = 16;
inline constexpr Millis k_link_life_max = std::chrono::hours{24};

// token: empty where there is none.
[[nodiscard]] Status admit_operator(const HttpRequest& request, const Secret& token);
// What a browser is told when it may not: the problem, and that it may ask for a password.
[[nodiscard]] HttpResponse operator_refusal(const Error& error, const HttpRequest& request,
                                            const Secret& token);

// "1790000000-0123…": the part of a link's path that carries its right.
[[nodiscard]] std::string signed_pass(const Secret& token, const std::string& deployment,
                                      WallTime expires);
// operator_only unless it was made with this token for this deployment and has not expired.
[[nodiscard]] Status check_pass(std::string_view pass, const Secret& token,
                                const std::string& deployment, WallTime now);

}  // namespace mayfly::pages
