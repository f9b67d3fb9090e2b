#pragma once

// The one GitHub App that the fake GitHub knows, and the tokens of its installation: what facts.md
// A5 says of them. A JWT is held to the signature, the issuer and GitHub's bounds of time; a token
// to its end, and to the permissions that it was narrowed to. No lock: FakeGithub's.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mayfly::lab {

using Permissions = std::map<std::string, std::string>;  // "actions" -> "read"

struct GithubApp {
  std::string id = "123456";
  std::string public_pem = {};
  std::int64_t installation_id = 7'654'321;
  Permissions permissions = {{"actions", "read"},
                             {"administration", "write"},
                             {"metadata", "read"},
                             {"organization_self_hosted_runners", "write"},
                             {"pull_requests", "read"}};
  Millis token_life = std::chrono::hours{1};
};

// Whose key is known to everybody: src/lab/github/emulated_app_key.pem.
[[nodiscard]] std::string_view emulated_app_key();
[[nodiscard]] GithubApp emulated_app();

// Why GitHub does not accept it; empty: it does.
[[nodiscard]] std::string fault_of_jwt(const GithubApp& app, std::string_view jwt, WallTime now);

// Whether one level includes the other: "admin", "write", "read".
[[nodiscard]] bool includes(const Permissions& granted, const std::string& name,
                            const std::string& level);

class AppTokens {
 public:
  // A new token; random: 64 hex digits.
  std::string mint(const GithubApp& app, const std::string& random, Permissions permissions,
                   WallTime now);
  // What a live token may do; none: it is unknown or over.
  [[nodiscard]] const Permissions* find(std::string_view token, WallTime now) const;
  void revoke_all() { tokens_.clear(); }

 private:
  struct Token {
    WallTime expires_at;
    Permissions permissions;
  };
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace mayfly::lab
