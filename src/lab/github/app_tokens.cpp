#include "lab/github/app_tokens.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/rs256.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr long long k_jwt_seconds_max = 600;
constexpr std::string_view k_not_decoded = "A JSON web token could not be decoded";

std::optional<std::string> base64url_decode(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  text.append((4 - text.size() % 4) % 4, '=');
  return base64_decode(text);
}

std::optional<json::object> part_of_jwt(const std::string& part) {
  const auto text = base64url_decode(part);
  const auto value = text ? parse_json(*text) : fail(Code::bad_json, "");
  return value && value->is_object() ? std::optional(value->get_object()) : std::nullopt;
}

std::string fault_of_claims(const GithubApp& app, const json::object& claims, WallTime now) {
  const auto iat = json_int(claims, "iat");
  const auto exp = json_int(claims, "exp");
  const auto iss = json_string(claims, "iss");
  if (iss != app.id) return "Integration not found";
  if (!iat || *iat > epoch_seconds(now))
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion "
           "was issued";
  if (!exp || *exp <= epoch_seconds(now))
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time "
           "at which the assertion expires";
  if (*exp > epoch_seconds(now) + k_jwt_seconds_max)
    return "'Expiration time' claim ('exp') is too far in the future";
  return {};
}

int rank(const std::string& level) { return level == "admin" ? 3 : level == "write" ? 2 : 1; }

}  // namespace

GithubApp emulated_app() {
  GithubApp app;
  app.public_pem = RsaKey::from_pem(Secret(std::string(emulated_app_key()))).value().public_pem();
  return app;
}

std::string fault_of_jwt(const GithubApp& app, std::string_view jwt, WallTime now) {
  const auto parts = split(jwt, '.');
  if (parts.size() != 3) return std::string(k_not_decoded);
  const auto header = part_of_jwt(parts[0]);
  const auto claims = part_of_jwt(parts[1]);
  const auto signature = base64url_decode(parts[2]);
  const std::string signed_part = parts[0] + "." + parts[1];
  if (!header || !claims || !signature || json_string(*header, "alg") != "RS256" ||
      !rs256_fits(app.public_pem, signed_part, *signature))
    return std::string(k_not_decoded);
  return fault_of_claims(app, *claims, now);
}

bool includes(const Permissions& granted, const std::string& name, const std::string& level) {
  const auto found = granted.find(name);
  return found != granted.end() && rank(found->second) >= rank(level);
}

// As long as those that GitHub hands out since 2026, and of no form that a client may count on.
std::string AppTokens::mint(const GithubApp& app, const std::string& random,
                            Permissions permissions, WallTime now) {
  std::string token = "ghs_" + app.id + "_";
  while (token.size() < 500) token += base64url_encode(random) + ".";
  std::erase_if(tokens_, [&](const auto& one) { return one.second.expires_at <= now; });
  tokens_[token] = {now + app.token_life, std::move(permissions)};
  return token;
}

const Permissions* AppTokens::find(std::string_view token, WallTime now) const {
  const auto found = tokens_.find(token);
  if (found == tokens_.end() || found->second.expires_at <= now) return nullptr;
  return &found->second.permissions;
}

}  // namespace mayfly::lab
