#include "lab/aws/query_form.h"

#include <doctest/doctest.h>

#include <array>

namespace mayfly::lab {
namespace {

QueryForm form(std::string_view body) { return *QueryForm::parse(body); }

TEST_CASE("query form: plus and percent escapes are decoded, in names and in values") {
  const QueryForm f = form("Tag.1.Key=a%2Bb+c&Filter%2E1=%E2%82%AC");
  CHECK(f.text("Tag.1.Key") == "a+b c");
  CHECK(f.text("Filter.1") == "\xE2\x82\xAC");
}

TEST_CASE("query form: a repeated name, a missing '=' and a broken escape refuse the form") {
  for (const char* body : {"A=1&A=2", "A", "A=%4", "=1", "A=1&", ""}) {
    CAPTURE(body);
    const auto parsed = QueryForm::parse(body);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == "MalformedQueryString");
  }
}

TEST_CASE("query form: a list ends at the first number that is missing, and is in number order") {
  const QueryForm f = form("Id.10=j&Id.2=b&Id.1=a&Id.4=d");
  CHECK(f.list("Id") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("query form: items are the forms below each number") {
  const auto items = form("T.1.K=a&T.1.V.1=x&T.2.K=b&Tx.1.K=c").items("T");
  REQUIRE(items.size() == 2);
  CHECK(items[0].list("V") == std::vector<std::string>{"x"});
  CHECK(items[1].text("K") == "b");
}

TEST_CASE("query form: flags, numbers and words take nothing but their own forms") {
  const QueryForm f = form("Flag=True&Number=7&Big=1001&Minus=-1&Word=maybe");
  constexpr std::array<std::string_view, 2> words = {"yes", "no"};
  CHECK_FALSE(f.flag("Flag", false));
  CHECK(*f.flag("Absent", true));
  CHECK(*f.number("Number", 1, 1, 1000) == 7);
  CHECK(*f.number("Absent", 5, 1, 1000) == 5);
  CHECK_FALSE(f.number("Big", 1, 1, 1000));
  CHECK_FALSE(f.number("Minus", 1, 1, 1000));
  CHECK(f.word("Word", words).error().code == "InvalidParameterValue");
  CHECK(*f.word("Absent", words) == "yes");
}

TEST_CASE("query form: a parameter that is not listed is unknown, whatever its number") {
  constexpr std::array<std::string_view, 2> accepted = {"Action", "Tag.N.Key"};
  CHECK(form("Action=X&Tag.17.Key=a").accept_only(accepted));
  const auto refused = form("Action=X&Tag.17.Kay=a").accept_only(accepted);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "UnknownParameter");
  CHECK(refused.error().message.find("Tag.17.Kay") != std::string::npos);
}

TEST_CASE("query form: the fingerprint ignores order and named parameters, and nothing else") {
  constexpr std::array<std::string_view, 1> ignored = {"NextToken"};
  CHECK(form("A=1&B=2").fingerprint() == form("B=2&A=1").fingerprint());
  CHECK(form("A=1&NextToken=x").fingerprint(ignored) == form("A=1").fingerprint(ignored));
  CHECK(form("A=1&B=2").fingerprint() != form("A=1&B=3").fingerprint());
  CHECK(form("A=1%26B%3D2").fingerprint() != form("A=1&B=2").fingerprint());
}

}  // namespace
}  // namespace mayfly::lab
