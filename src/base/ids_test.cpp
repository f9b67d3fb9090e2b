#include "base/ids.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("ids: architectures read as they print, and nothing else does") {
  for (const Architecture a : {Architecture::x86_64, Architecture::arm64})
    CHECK(parse_architecture(to_string(a)) == a);
  for (const char* text : {"", "x64", "X86_64", "aarch64", "arm64 "})
    CHECK_FALSE_MESSAGE(parse_architecture(text), text);
}

TEST_CASE("ids: a lease id is l- and 20 lower-case hex digits") {
  CHECK(parse_lease_id("l-0123456789abcdef0123")->text == "l-0123456789abcdef0123");
  for (const char* text :
       {"", "l-", "l-0123456789abcdef012", "l-0123456789abcdef01234", "l-0123456789ABCDEF0123",
        "i-0123456789abcdef0123", "l-0123456789abcdef012g"})
    CHECK_FALSE_MESSAGE(parse_lease_id(text), text);
}

TEST_CASE("ids: an instance id is i- and 8 or 17 hex digits") {
  CHECK(parse_instance_id("i-0123456789abcdef0"));
  CHECK(parse_instance_id("i-0a1b2c3d"));
  for (const char* text :
       {"", "i-", "i-0123456789abcdef", "i-0123456789abcdefg", "x-0123456789abcdef0", "i-0A1B2C3D"})
    CHECK_FALSE_MESSAGE(parse_instance_id(text), text);
}

TEST_CASE("ids: a repository is two names of GitHub's alphabet") {
  CHECK(parse_repository("rr-debugger/rr")->text == "rr-debugger/rr");
  CHECK(parse_repository("Some_Owner/.github"));
  for (const char* text : {"", "/", "rr", "rr/", "/rr", "a/b/c", "a/..", "./b", "a/b c", "a/b%2f",
                           "a/b\n", "ä/b", "a/b?x", "https://github.com/a/b"})
    CHECK_FALSE_MESSAGE(parse_repository(text), text);
}

TEST_CASE("ids: a repository half longer than 100 characters is refused") {
  CHECK(parse_repository("o/" + std::string(100, 'r')));
  CHECK_FALSE(parse_repository("o/" + std::string(101, 'r')));
}

TEST_CASE("ids: a NUL hidden in an id does not pass") {
  CHECK_FALSE(parse_repository(std::string_view("a/b\0", 4)));
  CHECK_FALSE(parse_lease_id(std::string_view("l-0123456789abcdef012\0", 22)));
}

}  // namespace
}  // namespace mayfly
