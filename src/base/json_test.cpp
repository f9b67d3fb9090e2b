#include "base/json.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

namespace mayfly {
namespace {

json::value parsed(std::string_view text) {
  auto value = parse_json(text);
  REQUIRE_MESSAGE(value.has_value(), value.error().message);
  return *value;
}

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  const auto value = parse_json(text, limits);
  if (value) return "accepted: " + json::serialize(*value);
  CHECK(value.error().code == Code::bad_json);
  return value.error().message;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("json: every kind of value is read") {
  const json::value value = parsed(
      " {\"a\": [1, -2, 18446744073709551615, 0.5, true, false, null], \"é\": \"\\u00e9\\n\"}\n");
  CHECK(json::serialize(value) ==
        "{\"a\":[1,-2,18446744073709551615,5E-1,true,false,null],\"é\":\"é\\n\"}");
  CHECK(parsed("7").as_int64() == 7);
}

TEST_CASE("json: what was read does not depend on the text it was read from") {
  auto text = std::make_unique<std::string>(R"({"key":["value"]})");
  const json::value value = parsed(*text);
  text.reset();
  CHECK(json::serialize(value) == R"({"key":["value"]})");
}

TEST_CASE("json: a second key of the same name is refused, however it is spelled") {
  CHECK(contains(refusal(R"({"a":1,"a":2})"), "the key \"a\" appears twice"));
  CHECK(contains(refusal(R"({"a":1,"\u0061":2})"), "appears twice"));
  CHECK(contains(refusal(R"([{"b":{"a":1,"b":2,"a":3}}])"), "\"a\" appears twice"));
  CHECK(contains(refusal(R"({"":1,"":2})"), "appears twice"));
}

TEST_CASE("json: the same key in different objects is no duplicate") {
  CHECK(parsed(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})").is_object());
}

TEST_CASE("json: a hostile key is shown printable and short") {
  const std::string key = "\\u001b[31m" + std::string(1000, 'k');
  const std::string message = refusal("{\"" + key + "\":1,\"" + key + "\":2}");
  CHECK(contains(message, "\\x1b[31m"));
  CHECK(message.size() < 200);
}

TEST_CASE("json: eight levels are read, nine are not") {
  CHECK(parsed(nested(8)).is_array());
  CHECK(contains(refusal(nested(9)), "nested deeper than 8 levels"));
  CHECK(contains(refusal("{\"a\":" + nested(8) + "}"), "nested deeper"));
  CHECK(contains(refusal(std::string(60'000, '[')), "nested deeper"));
}

TEST_CASE("json: NUL is refused in a string and in a key, raw or escaped") {
  CHECK(contains(refusal(R"(["a\u0000b"])"), "NUL"));
  CHECK(contains(refusal(R"({"a\u0000":1})"), "NUL"));
  CHECK(contains(refusal(std::string_view("[\"a\0b\"]", 7)), "at byte 3"));
  CHECK(contains(refusal(std::string_view("[1]\0", 4)), "at byte 3"));
}

TEST_CASE("json: bytes that are not UTF-8 are refused") {
  for (const char* text :
       {"[\"\xff\"]", "[\"\xc3\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]",
        "[\"\xf4\x90\x80\x80\"]", "\xef\xbb\xbf[]", "[\"\\ud800\"]", "[\"\\udc00\"]"})
    CHECK(contains(refusal(text), "not acceptable JSON at byte"));
  CHECK(parsed("[\"\xf0\x9f\xa6\x9f\"]").is_array());
}

TEST_CASE("json: what follows the document is refused, white space apart") {
  CHECK(parsed("[] \r\n\t").is_array());
  CHECK(contains(refusal("[] []"), "at byte 3"));
  CHECK(contains(refusal("{}x"), "at byte 2"));
}

TEST_CASE("json: a document that ends too early is refused") {
  for (const char* text : {"", " ", "[", "{\"a\"", "{\"a\":", "\"abc", "tru", "[1,"})
    CHECK_MESSAGE(contains(refusal(text), "ends too early"), text);
}

TEST_CASE("json: extensions of the grammar are refused") {
  for (const char* text : {"[1,]", "{\"a\":1,}", "// c\n[]", "/* c */[]", "{a:1}", "['a']", "[01]",
                           "[+1]", "[.5]", "[1.]", "NaN", "[Infinity]", "[\"\t\"]", "True"})
    CHECK_MESSAGE(contains(refusal(text), "not acceptable JSON at byte"), text);
}

TEST_CASE("json: numbers beyond 64 bits become doubles, numbers beyond double are refused") {
  CHECK(parsed("18446744073709551616").is_double());
  CHECK(parsed("-9223372036854775809").is_double());
  CHECK(contains(refusal("[1e999]"), "at byte"));
  CHECK(contains(refusal("[" + std::string(400, '9') + "]"), "a number is too large"));
}

TEST_CASE("json: the size limit counts bytes") {
  const JsonLimits limits{.bytes_max = 10, .depth_max = 8};
  CHECK(parse_json("\"12345678\"", limits));
  CHECK(contains(refusal("\"123456789\"", limits), "longer than 10 bytes"));
  CHECK(contains(refusal(std::string(65'537, ' ')), "longer than 65536 bytes"));
}

TEST_CASE("json: answers of the clouds may be longer and deeper") {
  CHECK(parse_json(nested(32), upstream_json_limits()));
  CHECK_FALSE(parse_json(nested(33), upstream_json_limits()));
  CHECK(parse_json("\"" + std::string(1'000'000, 'x') + "\"", upstream_json_limits()));
}

TEST_CASE("json: lenient readers take the right type and call the rest none") {
  const json::value value = parsed(
      R"({"s":"x","i":-5,"u":18446744073709551615,"d":1.0,"b":true,"n":null,"o":{},"a":[1]})");
  const json::object& o = value.as_object();
  CHECK(json_string(o, "s") == "x");
  CHECK(json_int(o, "i") == -5);
  CHECK(json_bool(o, "b") == true);
  CHECK(json_object(o, "o") != nullptr);
  CHECK(json_array(o, "a") != nullptr);
  for (const char* key : {"u", "d", "s", "n", "none"}) CHECK_FALSE(json_int(o, key));
  for (const char* key : {"i", "n", "o", "none"}) CHECK_FALSE(json_string(o, key));
  for (const char* key : {"i", "n", "s", "none"}) CHECK_FALSE(json_bool(o, key));
  for (const char* key : {"a", "n", "s", "none"}) CHECK(json_object(o, key) == nullptr);
  for (const char* key : {"o", "n", "s", "none"}) CHECK(json_array(o, key) == nullptr);
}

}  // namespace
}  // namespace mayfly
