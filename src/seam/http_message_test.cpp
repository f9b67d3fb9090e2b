#include "seam/http_message.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("headers: names compare without case") {
  const Headers headers = {{"Content-Type", "text/plain"}};
  CHECK(headers.find("content-type") == "text/plain");
  CHECK(headers.find("CONTENT-TYPE") == "text/plain");
  CHECK_FALSE(headers.find("content-typ"));
  CHECK_FALSE(headers.find("content-types"));
}

TEST_CASE("headers: duplicates stay in order, and the first is found") {
  Headers headers;
  headers.add("a", "1");
  headers.add("b", "2");
  headers.add("A", "3");
  CHECK(headers.find("A") == "1");
  CHECK(headers.count("a") == 2);
  CHECK(headers.size() == 3);
  CHECK(headers.begin()->value == "1");
}

TEST_CASE("headers: set replaces every one of that name and no other") {
  Headers headers = {{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.set("a", "4");
  CHECK(headers.count("a") == 1);
  CHECK(headers.find("a") == "4");
  CHECK(headers.find("b") == "2");
}

TEST_CASE("headers: set adds what is not there") {
  Headers headers;
  headers.set("a", "1");
  CHECK(headers.find("a") == "1");
  CHECK(headers.count("b") == 0);
}

TEST_CASE("responses: only 2xx is ok") {
  HttpResponse response;
  for (const int status : {100, 199, 300, 304, 404, 500}) {
    response.status = status;
    CHECK_FALSE(response.ok());
  }
  for (const int status : {200, 204, 299}) {
    response.status = status;
    CHECK(response.ok());
  }
}

}  // namespace
}  // namespace mayfly
