#include "aws/sigv4.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "http/url.h"

namespace mayfly::aws {
namespace {

constexpr std::string_view k_algorithm = "AWS4-HMAC-SHA256";

// Takes absolute URLs and bare targets, and non-ASCII bytes too, so that a server and the published
// vectors can use it: parse_url is stricter.
std::string_view target_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos || url.front() == '/') return url;
  const std::size_t start = url.find_first_of("/?", scheme_end + 3);
  return start == std::string_view::npos ? std::string_view() : url.substr(start);
}

// Every service but S3: dot segments and double slashes go, and what is left is encoded once more.
std::string canonical_path(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : split(path, '/')) {
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string& segment : kept) out += "/" + percent_encode(segment);
  const bool ends_in_slash = path.ends_with('/');
  return kept.empty() || ends_in_slash ? out + "/" : out;
}

// The wire form may leave more unescaped, or escape more, than the canonical form does.
std::string encode_once(std::string_view text) {
  const auto decoded = percent_decode(text);
  return percent_encode(decoded ? std::string_view(*decoded) : text);
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return "";
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string& parameter : split(query, '&')) {
    const std::string_view view = parameter;
    const std::size_t equals = view.find('=');
    parameters.emplace_back(
        encode_once(view.substr(0, equals)),
        equals == std::string_view::npos ? "" : encode_once(view.substr(equals + 1)));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string collapse_spaces(std::string_view value) {
  std::string out;
  for (const char c : trim(value))
    if (c != ' ' || out.back() != ' ') out += c;
  return out;
}

std::map<std::string, std::string> canonical_headers(const Headers& headers) {
  std::map<std::string, std::string> out;
  for (const Header& header : headers) {
    const auto [slot, is_first] = out.try_emplace(to_lower(header.name));
    slot->second += (is_first ? "" : ",") + collapse_spaces(header.value);
  }
  out.erase("authorization");
  return out;
}

std::string join_names(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out += (out.empty() ? "" : ";") + name;
  return out;
}

std::string as_key(const Sha256& digest) { return {digest.begin(), digest.end()}; }

std::string credential_scope(const SigningScope& scope, WallTime now) {
  return iso8601_basic(now).substr(0, 8) + "/" + scope.region + "/" + scope.service +
         "/aws4_request";
}

}  // namespace

std::string canonical_request(const HttpRequest& request, const std::string& signed_headers) {
  const std::string_view target = target_of(request.url);
  const std::size_t mark = target.find('?');
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  const auto headers = canonical_headers(request.headers);
  std::string out = request.method + "\n" + canonical_path(target.substr(0, mark)) + "\n" +
                    canonical_query(query) + "\n";
  for (const std::string& name : split(signed_headers, ';')) {
    const auto header = headers.find(name);
    out += name + ":" + (header == headers.end() ? "" : header->second) + "\n";
  }
  return out + "\n" + signed_headers + "\n" + sha256_hex(request.body);
}

std::string string_to_sign(std::string_view canonical_request, const SigningScope& scope,
                           WallTime now) {
  return std::string(k_algorithm) + "\n" + iso8601_basic(now) + "\n" +
         credential_scope(scope, now) + "\n" + sha256_hex(canonical_request);
}

Secret SigningKeys::key(const Secret& secret_access_key, const SigningScope& scope, WallTime now) {
  const std::string from = secret_access_key.reveal() + "\n" + credential_scope(scope, now);
  const std::scoped_lock lock(mutex_);
  if (derived_from_.reveal() == from) return key_;
  std::string key = "AWS4" + secret_access_key.reveal();
  for (const std::string& part : split(credential_scope(scope, now), '/'))
    key = as_key(hmac_sha256(key, part));
  derived_from_ = Secret(from);
  key_ = Secret(std::move(key));
  return key_;
}

std::string signature(const Secret& signing_key, std::string_view string_to_sign) {
  return to_hex(hmac_sha256(signing_key.reveal(), string_to_sign));
}

void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
          WallTime now, SigningKeys& keys) {
  if (request.headers.count("Host") == 0) {
    const auto url = parse_url(request.url);
    request.headers.add("Host", url ? url->authority() : "");
  }
  request.headers.set("X-Amz-Date", iso8601_basic(now));
  if (!credentials.session_token.empty())
    request.headers.set("X-Amz-Security-Token", credentials.session_token.reveal());

  const std::string names = join_names(canonical_headers(request.headers));
  const std::string to_sign = string_to_sign(canonical_request(request, names), scope, now);
  request.headers.set(
      "Authorization",
      std::string(k_algorithm) + " Credential=" + credentials.access_key_id + "/" +
          credential_scope(scope, now) + ", SignedHeaders=" + names +
          ", Signature=" + signature(keys.key(credentials.secret_access_key, scope, now), to_sign));
}

}  // namespace mayfly::aws
