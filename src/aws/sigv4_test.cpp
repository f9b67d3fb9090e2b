#include "aws/sigv4.h"

#include <doctest/doctest.h>

#include <vector>

namespace mayfly {
namespace {

// AWS's published Signature Version 4 test suite (awslabs/aws-c-auth,
// tests/aws-signing-test-suite/v4, header form).
struct Vector {
  std::string name;
  std::string method;
  std::string target;
  std::vector<Header> headers;
  std::string signature;
};

const std::vector<Vector>& vectors() {
  static const std::string unreserved =
      "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static const std::vector<Vector> list = {
      {"get-vanilla",
       "GET",
       "/",
       {},
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/?Param2=value2&Param1=value1",
       {},
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-order-encoded",
       "GET",
       "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
       {},
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-vanilla-query-unreserved",
       "GET",
       "/?" + unreserved + "=" + unreserved,
       {},
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       "GET",
       "/?\xE1\x88\xB4=bar",
       {},
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-vanilla-empty-query-key",
       "GET",
       "/?Param1=value1",
       {},
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-utf8",
       "GET",
       "/\xE1\x88\xB4",
       {},
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-space-normalized",
       "GET",
       "/example space/",
       {},
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-unreserved",
       "GET",
       "/" + unreserved,
       {},
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-slashes-normalized",
       "GET",
       "//example//",
       {},
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-slash-pointless-dot-normalized",
       "GET",
       "/./example",
       {},
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
      {"get-relative-relative-normalized",
       "GET",
       "/example1/example2/../..",
       {},
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-order",
       "GET",
       "/",
       {{"My-Header1", "value4"},
        {"My-Header1", "value1"},
        {"My-Header1", "value3"},
        {"My-Header1", "value2"}},
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-value-trim",
       "GET",
       "/",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-header-key-sort",
       "POST",
       "/",
       {{"My-Header1", "value1"}},
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-vanilla-query",
       "POST",
       "/?Param1=value1",
       {},
       "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
      {"post-sts-header-before",
       "POST",
       "/",
       {{"X-Amz-Security-Token",
         "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmx"
         "fpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0K"
         "PkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZb"
         "qBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="}},
       "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
  };
  return list;
}

aws::Credentials example_credentials() {
  aws::Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  return credentials;
}

WallTime at(const char* text) { return parse_iso8601(text).value(); }

std::string authorization(const HttpRequest& request) {
  return std::string(request.headers.find("Authorization").value_or(""));
}

std::string signature_in(const HttpRequest& request) {
  const std::string all = authorization(request);
  return all.substr(all.rfind('=') + 1);
}

TEST_CASE("sigv4: AWS's published vectors come out byte for byte") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.name);
    HttpRequest request;
    request.method = vector.method;
    request.url = vector.target;
    request.headers.add("Host", "example.amazonaws.com");
    for (const Header& header : vector.headers) request.headers.add(header.name, header.value);
    sign(request, example_credentials(), {"us-east-1", "service"}, at("2015-08-30T12:36:00Z"));
    CHECK(signature_in(request) == vector.signature);
  }
}

TEST_CASE("sigv4: a form body and its content hash header are signed as in the published vector") {
  HttpRequest request{"POST", "https://example.amazonaws.com/", {}, "Param1=value1"};
  request.headers = {
      {"Content-Type", "application/x-www-form-urlencoded"},
      {"Content-Length", "13"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}};
  sign(request, example_credentials(), {"us-east-1", "service"}, at("2015-08-30T12:36:00Z"));
  CHECK(authorization(request) ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, "
        "Signature=d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
}

TEST_CASE("sigv4: a session token is signed as in the published vector") {
  aws::Credentials credentials = example_credentials();
  credentials.session_token =
      Secret("6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267");
  HttpRequest request{"GET", "https://example.amazonaws.com/", {}, ""};
  sign(request, credentials, {"us-east-1", "service"}, at("2015-08-30T12:36:00Z"));
  CHECK(signature_in(request) ==
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
}

TEST_CASE("sigv4: the two ListUsers examples of AWS's documentation come out") {
  HttpRequest get{"GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", {}, ""};
  get.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  sign(get, example_credentials(), {"us-east-1", "iam"}, at("2015-08-30T12:36:00Z"));
  CHECK(signature_in(get) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");

  HttpRequest post{"POST", "https://iam.amazonaws.com/", {}, "Action=ListUsers&Version=2010-05-08"};
  post.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  sign(post, example_credentials(), {"us-east-1", "iam"}, at("2011-09-09T23:36:00Z"));
  CHECK(signature_in(post) == "ced6826de92d2bdeed8f846f0bf508e8559e98e4b0199114b84c54174deb456c");
}

TEST_CASE(
    "sigv4: a path that is encoded already is encoded once more, as botocore's vectors have it") {
  HttpRequest request{"GET",
                      "http://host.foo.com/%E1%88%B4",
                      {{"Date", "Mon, 09 Sep 2011 23:36:00 GMT"}, {"Host", "host.foo.com"}},
                      ""};
  CHECK(aws::canonical_request(request, "date;host") ==
        "GET\n/%25E1%2588%25B4\n\ndate:Mon, 09 Sep 2011 23:36:00 GMT\nhost:host.foo.com\n\n"
        "date;host\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("sigv4: a kept key is that of its secret, scope and day, and of no other") {
  const aws::SigningScope ec2{"us-east-1", "ec2"};
  const Secret one("secret-one");
  aws::SigningKeys kept;
  const auto fresh = [](const Secret& secret, const aws::SigningScope& scope, WallTime now) {
    return aws::SigningKeys().key(secret, scope, now).reveal();
  };
  const WallTime noon = at("2026-01-01T12:00:00Z");
  const WallTime midnight = at("2026-01-02T00:00:00Z");
  const std::string first = fresh(one, ec2, noon);
  struct Row {
    Secret secret;
    aws::SigningScope scope;
    WallTime now;
  };
  for (const Row& row : {Row{Secret("secret-two"), ec2, noon}, Row{one, {"us-east-1", "ssm"}, noon},
                         Row{one, {"us-east-2", "ec2"}, noon}, Row{one, ec2, midnight}}) {
    CHECK(kept.key(one, ec2, midnight - Millis{1}).reveal() == first);
    CHECK(kept.key(row.secret, row.scope, row.now).reveal() ==
          fresh(row.secret, row.scope, row.now));
    CHECK(fresh(row.secret, row.scope, row.now) != first);
  }
}

TEST_CASE("sigv4: the host that is signed has its port only where it is not the usual one") {
  HttpRequest request{"GET", "http://127.0.0.1:4566/", {}, ""};
  sign(request, example_credentials(), {"us-east-1", "ec2"}, at("2026-01-01T00:00:00Z"));
  CHECK(request.headers.find("Host") == "127.0.0.1:4566");
}

TEST_CASE("sigv4: signing again replaces the old signature and does not sign it") {
  HttpRequest request{"GET", "https://example.amazonaws.com/", {}, ""};
  const aws::SigningScope scope{"us-east-1", "service"};
  sign(request, example_credentials(), scope, at("2026-01-01T00:00:00Z"));
  sign(request, example_credentials(), scope, at("2015-08-30T12:36:00Z"));
  CHECK(request.headers.count("Authorization") == 1);
  CHECK(signature_in(request) == vectors().front().signature);
}

}  // namespace
}  // namespace mayfly
