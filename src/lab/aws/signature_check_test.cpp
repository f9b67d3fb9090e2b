#include "lab/aws/signature_check.h"

#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

const WallTime k_now = wall_from_epoch_seconds(1'800'000'000);
const AccessKey k_key{"AKIATEST", "secret", "", std::nullopt, "arn:aws:iam::1:user/x"};
const AccessKey k_session{"ASIATEST", "secret2", "session", k_now + Seconds{60}, "arn"};

const AccessKey* find_key(const std::string& id) {
  if (id == k_key.id) return &k_key;
  return id == k_session.id ? &k_session : nullptr;
}

HttpRequest signed_by(const AccessKey& key, WallTime at = k_now,
                      const aws::SigningScope& scope = {"us-east-1", "ec2"}) {
  HttpRequest request{"POST", "/", {{"Host", "127.0.0.1:4566"}}, "Action=X", {}};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  aws::sign(request, {key.id, Secret(key.secret), Secret(key.session_token), std::nullopt, "test"},
            scope, at);
  return request;
}

std::string refusal(const HttpRequest& request, AwsService service = AwsService::ec2,
                    WallTime now = k_now) {
  aws::SigningKeys keys;
  const auto checked = check_signature(request, service, "us-east-1", find_key, now, keys);
  return checked ? "" : std::to_string(checked.error().status) + " " + checked.error().code;
}

TEST_CASE("signature: what the client signs is accepted, with and without a session token") {
  CHECK(refusal(signed_by(k_key)).empty());
  CHECK(refusal(signed_by(k_session)).empty());
}

TEST_CASE("signature: a changed body, header, method or path does not match") {
  for (int change = 0; change < 4; ++change) {
    CAPTURE(change);
    HttpRequest request = signed_by(k_key);
    if (change == 0) request.body += "&DryRun=true";
    if (change == 1) request.headers.set("Content-Type", "text/plain");
    if (change == 2) request.method = "PUT";
    if (change == 3) request.url = "/other";
    CHECK(refusal(request) == "403 SignatureDoesNotMatch");
  }
}

TEST_CASE("signature: a wrong secret, region, service or day does not match") {
  AccessKey wrong = k_key;
  wrong.secret = "Secret";
  CHECK(refusal(signed_by(wrong)) == "403 SignatureDoesNotMatch");
  CHECK(refusal(signed_by(k_key, k_now, {"us-east-2", "ec2"})) == "403 SignatureDoesNotMatch");
  CHECK(refusal(signed_by(k_key, k_now, {"us-east-1", "ssm"})) == "403 SignatureDoesNotMatch");
  CHECK(refusal(signed_by(k_key), AwsService::ssm) == "400 InvalidSignatureException");
  CHECK(refusal(signed_by(k_key), AwsService::sts) == "403 SignatureDoesNotMatch");
}

TEST_CASE("signature: an unknown key is named as each service names it") {
  const AccessKey unknown{"AKIANOBODY", "secret", "", std::nullopt, ""};
  CHECK(refusal(signed_by(unknown)) == "401 AuthFailure");
  CHECK(refusal(signed_by(unknown), AwsService::sts) == "403 InvalidClientTokenId");
  CHECK(refusal(signed_by(unknown), AwsService::ssm) == "400 UnrecognizedClientException");
}

TEST_CASE("signature: a session needs its own token") {
  AccessKey without = k_session;
  without.session_token.clear();
  AccessKey with = k_key;
  with.session_token = "session";
  CHECK(refusal(signed_by(without)) == "401 AuthFailure");
  CHECK(refusal(signed_by(with)) == "401 AuthFailure");
}

TEST_CASE("signature: fifteen minutes of skew are borne, in either direction, and no more") {
  const Seconds limit{15 * 60};
  CHECK(refusal(signed_by(k_key, k_now - limit)).empty());
  CHECK(refusal(signed_by(k_key, k_now + limit)).empty());
  CHECK(refusal(signed_by(k_key, k_now - limit - Seconds{1})) == "400 RequestExpired");
  CHECK(refusal(signed_by(k_key, k_now + limit + Seconds{1})) == "400 RequestExpired");
}

TEST_CASE("signature: a session that is over is refused though its signature is good") {
  const WallTime later = k_now + Seconds{60};
  CHECK(refusal(signed_by(k_session, later), AwsService::ec2, later) == "400 RequestExpired");
}

TEST_CASE("signature: no header, a broken one, and an unsigned Host or X-Amz header are refused") {
  HttpRequest bare = signed_by(k_key);
  bare.headers.set("Authorization", "Bearer x");
  CHECK(refusal(bare) == "401 AuthFailure");
  CHECK(refusal(HttpRequest{}) == "403 MissingAuthenticationToken");
  HttpRequest smuggled = signed_by(k_key);
  smuggled.headers.add("X-Amz-Target", "AmazonSSM.GetParameter");
  CHECK(refusal(smuggled) == "401 AuthFailure");
}

}  // namespace
}  // namespace mayfly::lab
