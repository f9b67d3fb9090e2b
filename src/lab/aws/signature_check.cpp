#include "lab/aws/signature_check.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_algorithm = "AWS4-HMAC-SHA256 ";
constexpr Millis k_skew_max{15 * 60 * 1000};

enum class Refusal { unreadable, unknown_key, session_over, skew, mismatch };

AwsFault word_for_ec2(Refusal refusal) {
  switch (refusal) {
    case Refusal::unreadable:
    case Refusal::unknown_key:
      return {401, "AuthFailure", "AWS was not able to validate the provided access credentials"};
    case Refusal::session_over:
    case Refusal::skew:
      return {400, "RequestExpired", "Request has expired."};
    case Refusal::mismatch:
      break;
  }
  return {403, "SignatureDoesNotMatch",
          "The request signature we calculated does not match the signature you provided."};
}

AwsFault word_for_sts(Refusal refusal) {
  switch (refusal) {
    case Refusal::unreadable:
      return {400, "IncompleteSignature", "The Authorization header cannot be read"};
    case Refusal::unknown_key:
      return {403, "InvalidClientTokenId",
              "The security token included in the request is invalid."};
    case Refusal::session_over:
      return {403, "ExpiredToken", "The security token included in the request is expired"};
    case Refusal::skew:
    case Refusal::mismatch:
      break;
  }
  return word_for_ec2(refusal);
}

AwsFault word_for_ssm(Refusal refusal) {
  switch (refusal) {
    case Refusal::unreadable:
      return {400, "IncompleteSignatureException", "The Authorization header cannot be read"};
    case Refusal::unknown_key:
      return {400, "UnrecognizedClientException",
              "The security token included in the request is invalid."};
    case Refusal::session_over:
      return {400, "ExpiredTokenException",
              "The security token included in the request is expired"};
    case Refusal::skew:
      return {400, "InvalidSignatureException", "Signature expired"};
    case Refusal::mismatch:
      break;
  }
  return {400, "InvalidSignatureException",
          "The request signature we calculated does not match the signature you provided."};
}

tl::unexpected<AwsFault> refused(AwsService service, Refusal refusal) {
  if (service == AwsService::ssm || service == AwsService::dynamodb)
    return fail(word_for_ssm(refusal));
  return fail(service == AwsService::sts ? word_for_sts(refusal) : word_for_ec2(refusal));
}

struct Authorization {
  std::string key_id;
  std::string date;  // 20261123
  aws::SigningScope scope;
  std::string signed_headers;
  std::string signature;
};

// "AWS4-HMAC-SHA256 Credential=ID/date/region/service/aws4_request, SignedHeaders=a;b,
// Signature=hex"
std::optional<Authorization> parse_authorization(std::string_view header) {
  if (!header.starts_with(k_algorithm)) return std::nullopt;
  Authorization out;
  for (const std::string& part : split(header.substr(k_algorithm.size()), ',')) {
    const std::string_view field = trim(part);
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view value = field.substr(equals + 1);
    if (field.starts_with("Credential=")) {
      const std::vector<std::string> scope = split(value, '/');
      if (scope.size() != 5 || scope[4] != "aws4_request") return std::nullopt;
      out.key_id = scope[0];
      out.date = scope[1];
      out.scope = {scope[2], scope[3]};
    } else if (field.starts_with("SignedHeaders=")) {
      out.signed_headers = value;
    } else if (field.starts_with("Signature=")) {
      out.signature = value;
    } else {
      return std::nullopt;
    }
  }
  if (out.key_id.empty() || out.signed_headers.empty() || out.signature.empty())
    return std::nullopt;
  return out;
}

// 20261123T201530Z
std::optional<WallTime> parse_basic(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  std::string iso(text);
  for (const std::size_t at : {4u, 7u}) iso.insert(at, "-");
  for (const std::size_t at : {13u, 16u}) iso.insert(at, ":");
  return parse_iso8601(iso);
}

bool signs_what_it_must(const HttpRequest& request, const std::string& signed_headers) {
  const std::vector<std::string> names = split(signed_headers, ';');
  const auto is_signed = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool no_more_than_came = std::all_of(names.begin(), names.end(), [&](const auto& name) {
    return request.headers.count(name) > 0;
  });
  const bool all_amz =
      std::all_of(request.headers.begin(), request.headers.end(), [&](const Header& h) {
        const std::string name = to_lower(h.name);
        return !name.starts_with("x-amz-") || is_signed(name);
      });
  return is_signed("host") && is_signed("x-amz-date") && no_more_than_came && all_amz;
}

bool scope_fits(const Authorization& given, AwsService service, const std::string& region,
                WallTime signed_at) {
  // The global endpoint of STS lives in us-east-1.
  const bool region_fits = given.scope.region == region ||
                           (service == AwsService::sts && given.scope.region == "us-east-1");
  return region_fits && given.scope.service == to_string(service) &&
         iso8601_basic(signed_at).substr(0, 8) == given.date;
}

bool signature_fits(const HttpRequest& request, const Authorization& given, const AccessKey& key,
                    WallTime signed_at, aws::SigningKeys& keys) {
  const std::string to_sign = aws::string_to_sign(
      aws::canonical_request(request, given.signed_headers), given.scope, signed_at);
  const Secret signing_key = keys.key(Secret(key.secret), given.scope, signed_at);
  return equal_in_constant_time(aws::signature(signing_key, to_sign), given.signature);
}

}  // namespace

std::string_view to_string(AwsService service) {
  switch (service) {
    case AwsService::ec2:
      return "ec2";
    case AwsService::sts:
      return "sts";
    case AwsService::ssm:
      return "ssm";
    case AwsService::dynamodb:
      return "dynamodb";
  }
  return "";
}

Answer<const AccessKey*> check_signature(const HttpRequest& request, AwsService service,
                                         const std::string& region, const FindKey& find_key,
                                         WallTime now, aws::SigningKeys& keys) {
  const auto header = request.headers.find("Authorization");
  if (!header)
    return refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
  const auto given = parse_authorization(*header);
  const auto signed_at = parse_basic(request.headers.find("X-Amz-Date").value_or(""));
  if (!given || !signed_at || !signs_what_it_must(request, given->signed_headers))
    return refused(service, Refusal::unreadable);
  const AccessKey* key = find_key(given->key_id);
  if (key == nullptr || request.headers.find("X-Amz-Security-Token").value_or("") !=
                            std::string_view(key->session_token))
    return refused(service, Refusal::unknown_key);
  if (!scope_fits(*given, service, region, *signed_at) ||
      !signature_fits(request, *given, *key, *signed_at, keys))
    return refused(service, Refusal::mismatch);
  if (*signed_at > now + k_skew_max || *signed_at + k_skew_max < now)
    return refused(service, Refusal::skew);
  if (key->expires_at && *key->expires_at <= now) return refused(service, Refusal::session_over);
  return key;
}

}  // namespace mayfly::lab
