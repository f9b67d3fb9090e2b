#include "aws/credentials_metadata.h"

#include <algorithm>

#include "base/json.h"

namespace mayfly::aws {
namespace {

constexpr Millis k_try = Seconds{2};

}  // namespace

Result<HttpResponse> send_locally(const CredentialsSeams& seams, const HttpRequest& request,
                                  int tries, SteadyTime deadline) {
  for (int n = 1;; ++n) {
    const SteadyTime now = seams.clock.steady();
    auto response = seams.transport.send(request, std::min(deadline, now + k_try));
    const bool answered = response && response->status < 500;
    if (answered || n >= tries || seams.clock.steady() >= deadline) return response;
  }
}

Result<Credentials> read_metadata_credentials(const HttpResponse& response,
                                              const std::string& source) {
  if (!response.ok())
    return fail(response.status >= 500 ? Code::aws_unavailable : Code::aws_credentials,
                "HTTP " + std::to_string(response.status));
  const auto document = parse_json(response.body);
  if (!document || !document->is_object())
    return fail(Code::aws_credentials, "the answer is not a JSON object");
  const json::object& object = document->get_object();
  const auto key = json_string(object, "AccessKeyId");
  const auto secret = json_string(object, "SecretAccessKey");
  const auto token = json_string(object, "Token");
  const auto expires_at = parse_iso8601(json_string(object, "Expiration").value_or(""));
  if (!key || !secret || !token || !expires_at)
    return fail(Code::aws_credentials, "the answer lacks a key, a token or an expiry");
  return Credentials{*key, Secret(*secret), Secret(*token), *expires_at, source};
}

}  // namespace mayfly::aws
