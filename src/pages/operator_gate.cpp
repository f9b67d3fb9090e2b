#include "pages/operator_gate.h"

#include "base/digest.h"
#include "base/text.h"
#include "http/problem.h"
#include "pages/accept.h"
#include "pages/page.h"

namespace mayfly::pages {
namespace {

// By their digests, so that not even the length of the token can be felt.
bool is_token(std::string_view said, const Secret& token) {
  return equal_in_constant_time(sha256_hex(said), sha256_hex(token.reveal()));
}

std::string password_in(std::string_view authorization) {
  const std::string scheme = to_lower(authorization.substr(0, authorization.find(' ')));
  const std::string_view rest =
      trim(authorization.substr(std::min(scheme.size(), authorization.size())));
  if (scheme == "bearer") return std::string(rest);
  if (scheme != "basic") return "";
  const auto pair = base64_decode(rest);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  return colon == std::string::npos ? "" : pair->substr(colon + 1);
}

bool is_loopback_name(std::string_view host) {
  if (host == "[::1]" || host.starts_with("[::1]:")) return true;
  const std::string name = to_lower(host.substr(0, host.find(':')));
  return name == "localhost" || name == "127.0.0.1";
}

Secret key_of_links(const Secret& token, const std::string& deployment) {
  return Secret("mayfly link 1 " + deployment + " " + token.reveal());
}

tl::unexpected<Error> no_link() {
  return fail(Code::operator_only, "this link is not one of ours, or it has expired");
}

}  // namespace

Status admit_operator(const HttpRequest& request, const Secret& token) {
  if (token.empty()) {
    const auto host = request.headers.find("Host");
    if (host && is_loopback_name(*host)) return {};
    return fail(Code::operator_only,
                "without listen.admin_token this is shown under 127.0.0.1 and localhost alone");
  }
  const auto said = request.headers.find("Authorization");
  if (!said) return fail(Code::operator_only, "a token is needed here");
  if (!is_token(password_in(*said), token))
    return fail(Code::operator_only, "this is not the token");
  return {};
}

HttpResponse operator_refusal(const Error& error, const HttpRequest& request, const Secret& token) {
  HttpResponse response =
      preferred_form(request) == Form::html ? problem_page(error, "/") : problem_response(error);
  if (!token.empty()) response.headers.set("WWW-Authenticate", "Basic realm=\"mayfly\"");
  return response;
}

std::string signed_pass(const Secret& token, const std::string& deployment, WallTime expires) {
  const std::string when = std::to_string(epoch_seconds(expires));
  return when + "-" + to_hex(hmac_sha256(key_of_links(token, deployment).reveal(), when));
}

Status check_pass(std::string_view pass, const Secret& token, const std::string& deployment,
                  WallTime now) {
  if (token.empty()) return no_link();
  const auto seconds = parse_int(pass.substr(0, pass.find('-')));
  const bool is_sane = seconds && *seconds > 0 && *seconds <= epoch_seconds(now + k_link_life_max);
  if (!is_sane) return no_link();
  const WallTime expires = wall_from_epoch_seconds(*seconds);
  const std::string right = signed_pass(token, deployment, expires);
  if (!equal_in_constant_time(pass, right) || now >= expires) return no_link();
  return {};
}

}  // namespace mayfly::pages
