#include "lab/aws/xml_writer.h"

#include <doctest/doctest.h>

#include <pugixml.hpp>

namespace mayfly::lab {
namespace {

TEST_CASE("xml: what is written is read back as it was, markup and all") {
  const std::string nasty = "a<b>&\"'c]]>\n\xE2\x82\xAC";
  pugi::xml_document document;
  const std::string xml = XmlWriter().open("r").text("v", nasty).close().take();
  REQUIRE(document.load_string(xml.c_str()));
  CHECK(document.child("r").child("v").text().get() == nasty);
}

TEST_CASE("xml: control characters, which XML cannot carry, become question marks") {
  CHECK(XmlWriter()
            .text("v", std::string("a\x01"
                                   "b"))
            .take() == "<v>a?b</v>");
}

TEST_CASE("xml: tags become items of a set") {
  CHECK(XmlWriter().tags({{"k", "v"}}).take() ==
        "<tagSet><item><key>k</key><value>v</value></item></tagSet>");
}

}  // namespace
}  // namespace mayfly::lab
