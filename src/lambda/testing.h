#pragma once

// For the tests of this room: events as AWS documents them.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "base/json.h"
#include "lambda/event.h"

namespace mayfly::lambda::testing {

inline const std::string k_scheduled =
    R"({"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events",)"
    R"("account":"123456789012","time":"2026-11-25T18:00:00Z","region":"us-east-1",)"
    R"("resources":["arn:aws:events:us-east-1:123456789012:rule/sweep"],"detail":{}})";

inline std::string interruption(const std::string& instance) {
  return R"({"version":"0","detail-type":"EC2 Spot Instance Interruption Warning",)"
         R"("source":"aws.ec2","detail":{"instance-id":")" +
         instance + R"(","instance-action":"terminate"}})";
}

inline json::object request_object(const std::string& method, const std::string& path,
                                   const std::string& body) {
  return {{"version", "2.0"},
          {"routeKey", "$default"},
          {"rawPath", path},
          {"rawQueryString", ""},
          {"headers", {{"content-type", "application/json"}, {"host", "x.lambda-url.on.aws"}}},
          {"requestContext",
           {{"accountId", "anonymous"},
            {"http",
             {{"method", method},
              {"path", path},
              {"protocol", "HTTP/1.1"},
              {"sourceIp", "192.0.2.7"},
              {"userAgent", "curl/7.88.1"}}}}},
          {"body", body},
          {"isBase64Encoded", false}};
}

inline std::string request_event(const std::string& method, const std::string& path,
                                 const std::string& body) {
  return json::serialize(request_object(method, path, body));
}

inline Code refusal_of(const std::string& event) {
  const auto parsed = parse_event(event);
  return parsed ? Code::internal : parsed.error().code;
}

}  // namespace mayfly::lambda::testing
