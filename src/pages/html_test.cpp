#include "pages/html.h"

#include <doctest/doctest.h>

namespace mayfly::pages {
namespace {

TEST_CASE("html: text and attributes are escaped, whatever they hold") {
  Html html;
  html.put("p", {{"title", "\"><script>alert('x')</script>"}}, "<b>&amp;</b> \"it's\"");
  CHECK(html.markup() ==
        "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\">"
        "&lt;b&gt;&amp;amp;&lt;/b&gt; &quot;it&#39;s&quot;</p>");
}

TEST_CASE("html: an element is closed where its scope ends, and not before") {
  Html html;
  {
    const auto list = html.in("ul", {{"class", "a b"}});
    html.put("li", "one");
    const auto item = html.in("li");
    html.text("two");
    html.lone("br", {});
  }
  CHECK(html.markup() == "<ul class=\"a b\"><li>one</li><li>two<br></li></ul>");
}

TEST_CASE("html: what is not UTF-8, controls and marks that turn text around are replaced") {
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(escaped("grün, 日本, \xF0\x9F\x98\x80\t\n") == "grün, 日本, \xF0\x9F\x98\x80\t\n");
  for (const std::string_view one : {"\x80", "\xC0", "\xC3", "\xFF", "\x1b", "\x7f", "\xC2\x85",
                                     "\xE2\x80\xAE", "\xE2\x81\xA6", "\xD8\x9C"}) {
    CAPTURE(one);
    CHECK(escaped("a" + std::string(one)) == "a" + bad);
  }
  CHECK(escaped(std::string_view("\0", 1)) == bad);
  CHECK(escaped("\xC0\xAF") == bad + bad);
  CHECK(escaped("\xE0\x80\xAFx").find("x") != std::string::npos);
  CHECK(escaped("\xED\xA0\x80") == bad + bad + bad);
  CHECK(escaped("\xF4\x90\x80\x80") == bad + bad + bad + bad);
  CHECK(escaped("\xC3<b>") == bad + "&lt;b&gt;");
}

TEST_CASE("html: a link leads to a path or into the web, and runs nothing") {
  const auto href = [](const std::string& place) {
    Html html;
    html.put("a", {{"href", place}}, "x");
    return html.markup();
  };
  for (const char* good : {"https://github.com/o/r", "../../v1/leases/l-1", "?state=busy&amp;n=1",
                           "/a:b", "leases", "http://127.0.0.1:8080/"})
    CHECK(href(good).find("href=\"#\"") == std::string::npos);
  for (const char* bad : {"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
                          " javascript:alert(1)//", "java\tscript:alert(1)"})
    CHECK(href(bad) == "<a href=\"#\">x</a>");
}

}  // namespace
}  // namespace mayfly::pages
