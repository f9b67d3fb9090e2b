#include "http/problem.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/time.h"

namespace mayfly {

HttpResponse problem_response(const Error& error) {
  const CodeInfo& code = info(error.code);
  json::object document;
  document["type"] = "urn:mayfly:error:" + std::string(code.name);
  document["title"] = code.title;
  document["status"] = code.http_status;
  document["code"] = code.name;
  document["detail"] = error.message;
  document["remedy"] = code.remedy;
  HttpResponse response = json_response(code.http_status, json::serialize(document) + "\n");
  response.headers.set("Content-Type", "application/problem+json");
  if (error.retry_after || code.http_status == 503 || code.http_status == 429) {
    const Millis wait = error.retry_after.value_or(Seconds{10});
    response.headers.set("Retry-After", std::to_string(std::chrono::ceil<Seconds>(wait).count()));
  }
  return response;
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

}  // namespace mayfly
