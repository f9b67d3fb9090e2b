#include "aws/xml.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

std::string refusal(const std::string& text) {
  const auto parsed = aws::parse_xml(text, "Root");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Code::aws_bad_answer);
  return parsed.error().message;
}

std::string nested(int levels) {
  std::string open;
  std::string close;
  for (int i = 1; i < levels; ++i) {
    open += "<a>";
    close += "</a>";
  }
  return "<Root>" + open + close + "</Root>";
}

TEST_CASE("xml: the five entities and character numbers are understood") {
  const auto parsed =
      aws::parse_xml("<?xml version=\"1.0\"?><Root><a>&lt;&amp;&#65;</a></Root>", "Root");
  REQUIRE(parsed);
  CHECK(aws::child_text(parsed->root(), "a") == "<&A");
  CHECK(aws::child_text(parsed->root(), "b").empty());
}

TEST_CASE("xml: a DOCTYPE is refused, with or without entities") {
  CHECK(refusal("<!DOCTYPE Root><Root/>").find("DOCTYPE") != std::string::npos);
  CHECK(refusal("<!DOCTYPE Root [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Root>&b;</Root>")
            .find("DOCTYPE") != std::string::npos);
  refusal("<Root><!DOCTYPE x></Root>");
}

TEST_CASE("xml: an unknown entity is not expanded") {
  const auto parsed = aws::parse_xml("<Root><a>&b;</a></Root>", "Root");
  REQUIRE(parsed);
  CHECK(aws::child_text(parsed->root(), "a") == "&b;");
}

TEST_CASE("xml: 32 levels are accepted and 33 are not") {
  CHECK(aws::parse_xml(nested(32), "Root"));
  CHECK(refusal(nested(33)).find("deeper") != std::string::npos);
  refusal(nested(200'000));
}

TEST_CASE("xml: truncated, empty and foreign documents are refused") {
  const std::string whole = "<Root><a>1</a></Root>";
  for (std::size_t n = 0; n < whole.size(); ++n) refusal(whole.substr(0, n));
  refusal("{\"a\":1}");
  refusal(std::string("<Root>\0</Root>", 14));
}

TEST_CASE("xml: another root, or two of them, are refused") {
  CHECK(refusal("<Other/>").find("<Other>") != std::string::npos);
  refusal("<Root/><Root/>");
}

TEST_CASE("xml: more than 16 MiB is refused unread") {
  CHECK(refusal(std::string(std::size_t{16} * 1024 * 1024 + 1, '<')).find("16 MiB") !=
        std::string::npos);
}

TEST_CASE("xml: what is quoted from a foreign document is made printable") {
  CHECK(refusal("<\xff\x01x/>").find('\xff') == std::string::npos);
}

}  // namespace
}  // namespace mayfly
