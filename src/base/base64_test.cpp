#include <doctest/doctest.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace mayfly {
namespace {

TEST_CASE("base64: the vectors of RFC 4648, both ways") {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> k_vectors = {{
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  }};
  for (const auto& [plain, encoded] : k_vectors) {
    CHECK(base64_encode(plain) == encoded);
    CHECK(base64_decode(encoded) == plain);
  }
}

TEST_CASE("base64: every byte survives the way there and back") {
  std::string all;
  for (int c = 255; c >= 0; --c) {
    all += static_cast<char>(c);
    CHECK(base64_decode(base64_encode(all)) == all);
  }
}

TEST_CASE("base64: the URL form has no padding and no character that URLs use") {
  CHECK(base64url_encode("\xfb\xff") == "-_8");
  CHECK(base64_encode("\xfb\xff") == "+/8=");
  CHECK(base64url_encode("f") == "Zg");
}

TEST_CASE("base64: white space, wrong padding and stray bits are refused") {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z", "=", "====", "Z===", "Zm9v\n", "Zm 9",
                           " Zg==", "Zg==Zg==", "Z=g=", "Zh==", "Zm9=", "-_8=", "Zm9v!AAA"})
    CHECK_FALSE_MESSAGE(base64_decode(text), text);
}

}  // namespace
}  // namespace mayfly
