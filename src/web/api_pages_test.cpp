#include <doctest/doctest.h>

#include "pages/assets.h"
#include "web/testing.h"

namespace mayfly::testing {
namespace {

constexpr const char* k_browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

HttpRequest get(const std::string& target, const std::string& accept = "*/*") {
  return {"GET", target, {{"Accept", accept}}, "", "192.0.2.7"};
}

TEST_CASE(
    "api pages: one address answers a browser, a script and a job's summary, each in its form") {
  ApiBench bench;
  const std::string target = "/v1/leases/" + bench.one_lease().id.text;
  const std::size_t calls = bench.calls();
  for (const auto& [accept, type] :
       std::map<std::string, std::string>{{k_browser, "text/html; charset=utf-8"},
                                          {"*/*", "application/json"},
                                          {"application/json", "application/json"},
                                          {"text/plain", "text/plain; charset=utf-8"}}) {
    const HttpResponse answer = bench.send(get(target, accept));
    CHECK(answer.status == 200);
    CHECK(header_of(answer, "Content-Type") == type);
    CHECK(header_of(answer, "Vary") == "Accept");
  }
  CHECK(header_of(bench.send(get(target + "/badge.svg")), "Content-Type") == "image/svg+xml");
  CHECK(bench.calls() == calls);
}

TEST_CASE("api pages: JSON that has not changed is not sent again") {
  ApiBench bench;
  const std::string target = "/v1/leases/" + bench.one_lease().id.text;
  HttpRequest request = get(target);
  request.headers.add("If-None-Match", header_of(bench.send(request), "ETag"));
  CHECK(bench.send(request).status == 304);
  CHECK(bench.send(request).body.empty());
  (void)bench.ledger->append({bench.ledger->recent(1)->at(0).id, bench.clock.wall(), "x", ""});
  CHECK(bench.send(request).status == 200);
}

TEST_CASE("api pages: a refusal is a page for a browser, and a problem document for all others") {
  ApiBench bench;
  for (const char* target : {"/v1/leases/l-00000000000000000000", "/v1/leases/x", "/nowhere",
                             "/v1/leases/x/badge.svg"}) {
    const HttpResponse page = bench.send(get(target, k_browser));
    CHECK(page.status == 404);
    CHECK(header_of(page, "Content-Type") == "text/html; charset=utf-8");
    CHECK(header_of(page, "Content-Security-Policy") != "(none)");
    CHECK(header_of(bench.send(get(target)), "Content-Type") == "application/problem+json");
  }
  HttpRequest request = post("/v1/leases", "x");
  request.headers.add("Accept", k_browser);
  CHECK(header_of(bench.send(request), "Content-Type") == "application/problem+json");
}

TEST_CASE("api pages: what a page needs is there, to be read and nothing else") {
  ApiBench bench;
  const HttpResponse style = bench.send(get("/" + pages::style_path()));
  CHECK(style.status == 200);
  CHECK(header_of(style, "Content-Type") == "text/css; charset=utf-8");
  CHECK(bench.send(post("/" + pages::style_path(), "{}")).status == 405);
  CHECK(bench.send(post("/v1/leases/x/badge.svg", "{}")).status == 405);
}

}  // namespace
}  // namespace mayfly::testing
