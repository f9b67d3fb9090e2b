#include "pages/lease_pages.h"

#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "pages/assets.h"
#include "pages/page.h"
#include "service/testing.h"

namespace mayfly::pages {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::numbered;
using mayfly::testing::Service;
using mayfly::testing::wide_caps;

struct Bench : Service {
  LeasePages pages{config, clock, *ledger};

  Lease make(int n) {
    Lease lease = numbered(n);
    lease.deadline = k_noon + Seconds{3600};
    (void)ledger->reserve({lease}, {{lease.id, k_noon, "asked", "v1"}}, wide_caps(), k_noon);
    return lease;
  }
  Result<HttpResponse> look(const LeaseId& id, const std::string& known = "") {
    HttpRequest request;
    if (!known.empty()) request.headers.add("If-None-Match", known);
    return pages.page(request, "/v1/leases/" + id.text, id);
  }
};

std::string header_of(const HttpResponse& response, const char* name) {
  return std::string(response.headers.find(name).value_or(""));
}

TEST_CASE("lease pages: a page may load and run our own files alone, and nobody may frame it") {
  Bench bench;
  const Lease lease = bench.make(1);
  const auto page = bench.look(lease.id);
  REQUIRE(page);
  CHECK(header_of(*page, "Content-Security-Policy") ==
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  CHECK(header_of(*page, "X-Content-Type-Options") == "nosniff");
  CHECK(header_of(*page, "Referrer-Policy") == "no-referrer");
  CHECK(header_of(*page, "Content-Type") == "text/html; charset=utf-8");
  CHECK(page->body.find("src=\"../../" + script_path()) != std::string::npos);
}

TEST_CASE("lease pages: whoever has the newest version is told so, and others get the page") {
  Bench bench;
  const Lease lease = bench.make(1);
  const auto page = bench.look(lease.id);
  REQUIRE(page);
  const std::string tag = header_of(*page, "ETag");
  const auto again = bench.look(lease.id, tag);
  REQUIRE(again);
  CHECK(again->status == 304);
  CHECK(again->body.empty());
  (void)bench.ledger->append({lease.id, k_noon, "machine-booted", ""});
  bench.clock.sleep_until(bench.clock.steady() + Seconds{1});
  CHECK(bench.look(lease.id, tag)->status == 200);
}

TEST_CASE("lease pages: the ledger is read once a second, however many look") {
  Bench bench;
  const Lease lease = bench.make(1);
  const auto before = bench.look(lease.id);
  REQUIRE(before);
  (void)bench.ledger->append({lease.id, k_noon, "machine-booted", ""});
  CHECK(header_of(*bench.look(lease.id), "ETag") == header_of(*before, "ETag"));
  bench.clock.sleep_until(bench.clock.steady() + Seconds{1});
  CHECK(header_of(*bench.look(lease.id), "ETag") != header_of(*before, "ETag"));
  CHECK(bench.calls() == 0);
}

TEST_CASE("lease pages: however many leases are looked at, few are kept in memory") {
  Bench bench;
  for (int n = 1; n <= 300; ++n) REQUIRE(bench.look(bench.make(n).id));
  CHECK(bench.pages.remembered() == LeasePages::k_stories_max);
  bench.clock.sleep_until(bench.clock.steady() + Seconds{1});
  REQUIRE(bench.look(numbered(1).id));
  CHECK(bench.pages.remembered() == 1);
}

TEST_CASE("lease pages: what was refused on behalf of a lease is for its owner alone") {
  Bench bench;
  const Lease lease = bench.make(1);
  (void)bench.ledger->append({lease.id, k_noon, k_claim_refused, "wrong nonce"});
  CHECK(bench.look(lease.id)->body.find("wrong nonce") == std::string::npos);
}

TEST_CASE("lease pages: of a lease that is not there, all three forms say so") {
  Bench bench;
  const LeaseId id = numbered(9).id;
  CHECK(bench.look(id).error().code == Code::lease_not_found);
  CHECK(bench.pages.summary(id).error().code == Code::lease_not_found);
  CHECK(bench.pages.badge(id).error().code == Code::lease_not_found);
}

TEST_CASE("pages: an asset is known by its content, and may be kept for ever") {
  for (const std::string& path : {style_path(), script_path(), icon_path()}) {
    const auto asset = asset_response("/" + path);
    REQUIRE(asset);
    CHECK(header_of(*asset, "Cache-Control") == "public, max-age=31536000, immutable");
    CHECK_FALSE(asset->body.empty());
    CHECK_FALSE(asset_response("/" + path + "x"));
  }
  for (const char* other : {"/assets/page.css", "/assets/page-000000000000.css", "/assets/", ""})
    CHECK_FALSE(asset_response(other));
}

TEST_CASE("pages: places are named relative to the page") {
  CHECK(root_from("/") == "./");
  CHECK(root_from("/leases") == "./");
  CHECK(root_from("/v1/leases/l-1") == "../../");
}

TEST_CASE("pages: a refusal is a page with the reason and what to do, and the same status") {
  const Error error{Code::limit_asks, "<b>too many</b>", Seconds{7}};
  const HttpResponse page = problem_page(error, "/v1/leases/x");
  CHECK(page.status == 429);
  CHECK(header_of(page, "Retry-After") == "7");
  CHECK(page.body.find("&lt;b&gt;too many&lt;/b&gt;") != std::string::npos);
  CHECK(page.body.find(info(Code::limit_asks).remedy) != std::string::npos);
}

TEST_CASE("pages: links to GitHub lead to where people look") {
  CHECK(github_url_of("https://api.github.com") == "https://github.com");
  CHECK(github_url_of("https://ghe.example.org/api/v3") == "https://ghe.example.org");
  CHECK(github_url_of("http://127.0.0.1:8081").empty());
}

}  // namespace
}  // namespace mayfly::pages
