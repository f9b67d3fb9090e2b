#include "lambda/event.h"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "lambda/testing.h"

namespace mayfly::lambda {
namespace {

using namespace testing;

HttpRequest request_of(const std::string& text) {
  auto event = parse_event(text);
  REQUIRE_MESSAGE(event.has_value(), event.error().message);
  return std::get<HttpRequest>(std::move(*event));
}

TEST_CASE("event: a function URL's request is the request that a server would have received") {
  const HttpRequest request = request_of(request_event("POST", "/v1/leases", R"({"a":1})"));
  CHECK(request.method == "POST");
  CHECK(request.url == "/v1/leases");
  CHECK(request.body == R"({"a":1})");
  CHECK(request.peer == "192.0.2.7");
  CHECK(request.headers.find("Content-Type") == "application/json");
}

TEST_CASE("event: a query stays as it was written") {
  json::object event = request_object("GET", "/v1/leases/l-1", "");
  event["rawQueryString"] = "wait=online&a=%20b";
  CHECK(request_of(json::serialize(event)).url == "/v1/leases/l-1?wait=online&a=%20b");
}

TEST_CASE("event: a body in base64 is its bytes, and one that is not base64 is refused") {
  json::object event = request_object("POST", "/", "");
  event["isBase64Encoded"] = true;
  event["body"] = "eyJhIjoxfQ==";
  CHECK(request_of(json::serialize(event)).body == R"({"a":1})");
  event["body"] = "eyJhIjoxfQ";
  CHECK(refusal_of(json::serialize(event)) == Code::lambda_event_unknown);
}

TEST_CASE("event: a request without a body has an empty one") {
  json::object event = request_object("GET", "/", "");
  event.erase("body");
  CHECK(request_of(json::serialize(event)).body.empty());
}

TEST_CASE("event: the stage of an HTTP API is no part of the path") {
  const std::pair<const char*, const char*> k_paths[] = {
      {"/prod/v1/leases", "/v1/leases"}, {"/prod", "/"}, {"/production", "/production"}};
  for (const auto& [raw, path] : k_paths) {
    json::object event = request_object("GET", raw, "");
    event["requestContext"].as_object()["stage"] = "prod";
    CHECK(request_of(json::serialize(event)).url == path);
  }
  json::object event = request_object("GET", "/$default/x", "");
  event["requestContext"].as_object()["stage"] = "$default";
  CHECK(request_of(json::serialize(event)).url == "/$default/x");
}

TEST_CASE("event: a schedule and an interruption are told by who sent them and of what kind") {
  auto scheduled = parse_event(k_scheduled);
  REQUIRE(scheduled);
  CHECK(std::holds_alternative<ScheduledEvent>(*scheduled));
  auto taken = parse_event(interruption("i-0123456789abcdef0"));
  REQUIRE(taken);
  CHECK(std::get<InterruptionEvent>(*taken).instance.text == "i-0123456789abcdef0");
}

TEST_CASE("event: whatever else comes is refused, and told why") {
  for (
      const std::string text :
      {"", "[]", "{}", "null", R"({"version":"1.0","httpMethod":"GET","path":"/"})",
       R"({"version":"2.0"})", R"({"version":"2.0","requestContext":{"http":{"method":"GET"}}})",
       R"({"version":"2.0","rawPath":"/",)"
       R"("requestContext":{"http":{"method":"GET","sourceIp":"x"}}})",
       R"({"source":"aws.s3","detail-type":"Scheduled Event"})",
       R"({"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{}})",
       R"({"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning"})",
       R"({"Records":[]})"}) {
    CAPTURE(text);
    CHECK(refusal_of(text) == Code::lambda_event_unknown);
  }
  CHECK(refusal_of(interruption("i-1; reboot")) == Code::lambda_event_unknown);
}

TEST_CASE("event: an answer keeps its status, its headers and each byte of its body") {
  const HttpResponse response{409, {{"Retry-After", "3"}}, "{\"code\":\"x\"}\n\"\\"};
  const auto value = parse_json(answer_text(response));
  REQUIRE(value);
  const json::object& answer = value->get_object();
  CHECK(json_int(answer, "statusCode") == 409);
  CHECK(json_string(*json_object(answer, "headers"), "Retry-After") == "3");
  CHECK(json_string(answer, "body") == response.body);
  CHECK(json_bool(answer, "isBase64Encoded") == false);
}

}  // namespace
}  // namespace mayfly::lambda
