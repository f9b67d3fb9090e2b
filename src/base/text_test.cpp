#include "base/text.h"

#include <doctest/doctest.h>

#include <array>

namespace mayfly {
namespace {

TEST_CASE("text: hex is lower case, two digits a byte") {
  const std::array<std::uint8_t, 4> bytes = {0x00, 0x0f, 0xa5, 0xff};
  CHECK(to_hex(bytes) == "000fa5ff");
  CHECK(to_hex({}).empty());
}

TEST_CASE("text: percent encoding leaves only the unreserved characters") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("a b+c/d=é") == "a%20b%2Bc%2Fd%3D%C3%A9");
  CHECK(percent_encode("a/b c", true) == "a/b%20c");
}

TEST_CASE("text: percent decoding undoes encoding for every byte") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(percent_decode(percent_encode(all)) == all);
}

TEST_CASE("text: a broken escape is refused, and plus is plus") {
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("%2f%2F") == "//");
  for (const char* text : {"%", "%2", "%zz", "a%2", "%%20", "%2g"})
    CHECK_FALSE_MESSAGE(percent_decode(text), text);
}

TEST_CASE("text: hostile bytes become visible") {
  CHECK(printable("plain text, {json}: \"ok\"") == "plain text, {json}: \"ok\"");
  CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(printable("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  CHECK(printable("\xff\xc3\xa9") == "\\xff\\xc3\\xa9");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("text: printable text is cut, never in the middle of an escape") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcdef...");
  CHECK(printable("abc\x01", 6) == "abc...");
  const std::string cut = printable("a\nbcdefg", 6);
  CHECK(printable(cut) == cut);
  CHECK(printable(std::string(100'000, '\n')).size() <= 200 + std::string("...").size());
}

TEST_CASE("text: lower case and trimming touch ASCII only") {
  CHECK(to_lower("ABCxyz09É") == "abcxyz09É");
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim(" \n ").empty());
  CHECK(trim("").empty());
}

TEST_CASE("text: splitting keeps empty parts") {
  CHECK(split("a,b", ',') == std::vector<std::string>{"a", "b"});
  CHECK(split(",a,,", ',') == std::vector<std::string>{"", "a", "", ""});
  CHECK(split("", ',') == std::vector<std::string>{""});
}

TEST_CASE("text: integers are digits and nothing but digits") {
  CHECK(parse_int("0") == 0);
  CHECK(parse_int("007") == 7);
  CHECK(parse_int("9223372036854775807") == INT64_MAX);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "1e3"})
    CHECK_FALSE_MESSAGE(parse_int(text), text);
}

TEST_CASE("text: is_all_of holds for the empty text") {
  CHECK(is_all_of("", "ab"));
  CHECK(is_all_of("abba", "ab"));
  CHECK_FALSE(is_all_of("abc", "ab"));
}

TEST_CASE("text: one runner, two runners, zero runners") {
  CHECK(plural(1, "runner") == "runner");
  CHECK(plural(2, "runner") == "runners");
  CHECK(plural(0, "runner") == "runners");
}

TEST_CASE("text: a slip of the keyboard finds the word that was meant") {
  constexpr std::array<std::string_view, 4> k_words = {"lifetime", "boot_timeout", "sudo", "image"};
  CHECK(nearest("lifetme", k_words) == "lifetime");
  CHECK(nearest("boottimeout", k_words) == "boot_timeout");
  CHECK(nearest("lifetmie", k_words) == "lifetime");
  CHECK(nearest("sud", k_words) == "sudo");
  CHECK(nearest("imgae", k_words) == "image");
  CHECK_FALSE(nearest("region", k_words));
  CHECK_FALSE(nearest("", k_words));
  CHECK_FALSE(nearest("lifetime", {}));
}

TEST_CASE("text: a hostile word of great length is compared with nothing") {
  const std::string name(65, 'a');
  const std::array<std::string_view, 1> candidates = {name};
  CHECK_FALSE(nearest(name, candidates));
  CHECK(nearest(name.substr(1), candidates) == name);
}

}  // namespace
}  // namespace mayfly
