#include "pages/accept.h"

#include <doctest/doctest.h>

namespace mayfly::pages {
namespace {

Form form_for(const std::string& accept) {
  HttpRequest request;
  request.headers.add("Accept", accept);
  return preferred_form(request);
}

TEST_CASE("accept: a browser gets a page; curl, a script and who says nothing get JSON") {
  CHECK(form_for("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") == Form::html);
  CHECK(form_for("text/html, */*; q=0.01") == Form::html);
  CHECK(form_for("*/*") == Form::json);
  CHECK(form_for("application/json") == Form::json);
  CHECK(form_for("application/problem+json, application/json") == Form::json);
  CHECK(preferred_form(HttpRequest{}) == Form::json);
}

TEST_CASE("accept: text is for who asks for it") {
  CHECK(form_for("text/plain") == Form::text);
  CHECK(form_for("text/plain, */*;q=0.1") == Form::text);
  CHECK(form_for("Text/Plain; charset=utf-8") == Form::text);
}

TEST_CASE("accept: the higher quality wins, and the range that is more exact says which it is") {
  CHECK(form_for("text/html;q=0.5, application/json;q=0.6") == Form::json);
  CHECK(form_for("text/html;q=0.7, application/json;q=0.6") == Form::html);
  CHECK(form_for("text/html;q=0.875, application/json;q=0.874") == Form::html);
  CHECK(form_for("text/*, text/html;q=0.2") == Form::text);
  CHECK(form_for("text/html, application/json") == Form::json);
  CHECK(form_for("text/html;q=0, text/plain;q=0.1") == Form::text);
}

TEST_CASE("accept: what cannot be understood asks for JSON") {
  for (const char* bad : {"", ",", ";", "text/html;q=2", "text/html;q=0.8888", "text/html;q=1.1",
                          "text/html;q=a", "text/html;q=-1", "/", "text"})
    CHECK(form_for(bad) == Form::json);
  std::string many = "text/html";
  for (int i = 0; i < 40; ++i) many += ", a/b";
  CHECK(form_for(many) == Form::json);
}

}  // namespace
}  // namespace mayfly::pages
