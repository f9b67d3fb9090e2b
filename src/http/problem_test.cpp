#include "http/problem.h"

#include <doctest/doctest.h>

#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/time.h"

namespace mayfly {
namespace {

json::object document_of(const HttpResponse& response) {
  const auto value = parse_json(response.body);
  REQUIRE_MESSAGE(value.has_value(), response.body);
  return value->as_object();
}

TEST_CASE("problem: the document carries the code's row and the error's own words") {
  const HttpResponse response = problem_response({Code::bad_json, "not JSON at byte 3"});
  CHECK(response.status == 400);
  CHECK(response.headers.find("content-type") == "application/problem+json");
  CHECK(response.headers.count("content-type") == 1);
  CHECK(response.headers.find("cache-control") == "no-store");
  const json::object document = document_of(response);
  CHECK(json_string(document, "type") == "urn:mayfly:error:bad-json");
  CHECK(json_string(document, "code") == "bad-json");
  CHECK(json_int(document, "status") == 400);
  CHECK(json_string(document, "detail") == "not JSON at byte 3");
  CHECK(json_string(document, "title") == info(Code::bad_json).title);
  CHECK(json_string(document, "remedy") == info(Code::bad_json).remedy);
}

TEST_CASE("problem: every code makes a document of its own status") {
  for (const CodeInfo& row : all_codes()) {
    const HttpResponse response = problem_response({row.code, "why"});
    CHECK(response.status == row.http_status);
    CHECK(json_string(document_of(response), "code") == row.name);
  }
}

TEST_CASE("problem: 429 and 503 always name a wait, other errors only a known one") {
  for (const CodeInfo& row : all_codes()) {
    const bool always = row.http_status == 429 || row.http_status == 503;
    CHECK_MESSAGE(
        problem_response({row.code, ""}).headers.find("Retry-After").has_value() == always,
        row.name);
  }
  CHECK(problem_response({Code::bad_json, "", Millis{2'000}}).headers.find("retry-after") == "2");
}

TEST_CASE("problem: a wait is rounded up to whole seconds") {
  CHECK(problem_response({Code::bad_json, "", Millis{1}}).headers.find("Retry-After") == "1");
  CHECK(problem_response({Code::bad_json, "", Millis{2'001}}).headers.find("Retry-After") == "3");
}

TEST_CASE("problem: quotes and control characters in the words cannot break the document") {
  const std::string words = "a \"quote\"\n\\ and \x01";
  CHECK(json_string(document_of(problem_response({Code::internal, words})), "detail") == words);
}

TEST_CASE("problem: a JSON answer is never cached") {
  const HttpResponse response = json_response(201, "{}\n");
  CHECK(response.status == 201);
  CHECK(response.body == "{}\n");
  CHECK(response.headers.find("Content-Type") == "application/json");
  CHECK(response.headers.find("Cache-Control") == "no-store");
}

}  // namespace
}  // namespace mayfly
