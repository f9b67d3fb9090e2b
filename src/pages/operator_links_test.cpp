#include "pages/operator_links.h"

#include <doctest/doctest.h>

#include "pages/operator_gate.h"
#include "service/testing.h"

namespace mayfly::pages {
namespace {

class Others final : public HttpService {
 public:
  HttpResponse handle(const HttpRequest&) override {
    HttpResponse response;
    response.status = 204;
    return response;
  }
};

struct Bench : mayfly::testing::Service {
  Secret token{"correct horse battery"};
  OperatorPages pages{config, clock, *ledger, {}};
  Others others;
  int asked = 0;
  OperatorLinks links{others, pages, config,
                      [this]() -> std::optional<Secret> {
                        asked += 1;
                        return token;
                      },
                      clock};

  HttpResponse get(const std::string& target) { return links.handle({"GET", target, {}, "", ""}); }
  std::string link(Millis life) {
    return operator_path(token, config.deployment, clock.wall() + life);
  }
};

TEST_CASE("links: a link opens the pages below it, and ends at its time") {
  Bench bench;
  const std::string link = bench.link(Seconds{60});
  CHECK(bench.get(link).status == 200);
  CHECK(bench.get(link).body.find("src=\"../../assets/") != std::string::npos);
  CHECK(bench.get(link + "leases?state=live").status == 200);
  CHECK(bench.get(link + "leases/l-00000000000000000000").status == 404);
  CHECK(bench.get(link.substr(0, link.size() - 1)).status == 404);
  bench.clock.advance(Seconds{60});
  CHECK(bench.get(link).status == 401);
  CHECK(bench.get(link + "leases").status == 401);
}

TEST_CASE("links: without one nothing below the place is served, and all else goes its way") {
  Bench bench;
  for (const char* target : {"/operator/", "/operator/x/", "/operator/1-2/leases", "/operator//"}) {
    const HttpResponse answer = bench.get(target);
    CHECK_MESSAGE((answer.status == 401 || answer.status == 204), target);
    CHECK(answer.body.find("All is well") == std::string::npos);
  }
  CHECK(bench.get("/v1/leases/x").status == 204);
  CHECK(bench.get("/").status == 204);
  OperatorLinks without{bench.others, bench.pages, bench.config,
                        [] { return std::optional(Secret()); }, bench.clock};
  const std::string forged =
      operator_path(Secret(), bench.config.deployment, bench.clock.wall() + Seconds{60});
  CHECK(without.handle({"GET", forged, {}, "", ""}).status == 401);
}

TEST_CASE(
    "links: the token is asked for once a minute, whoever knocks; another one ends all links") {
  Bench bench;
  const std::string link = bench.link(Seconds{3600});
  CHECK(bench.get("/v1/leases/x").status == 204);
  CHECK(bench.asked == 0);
  for (int i = 0; i < 50; ++i) CHECK(bench.get("/operator/1-2/").status == 401);
  CHECK(bench.get(link).status == 200);
  CHECK(bench.asked == 1);
  bench.token = Secret("a token that is another");
  bench.clock.advance(Seconds{60});
  CHECK(bench.get(link).status == 401);
  CHECK(bench.asked == 2);
}

TEST_CASE("links: while the token cannot be read no link opens, and it is not asked for again") {
  Bench bench;
  int asked = 0;
  OperatorLinks blind{bench.others, bench.pages, bench.config,
                      [&]() -> std::optional<Secret> {
                        asked += 1;
                        return std::nullopt;
                      },
                      bench.clock};
  const std::string link = bench.link(Seconds{3600});
  CHECK(blind.handle({"GET", link, {}, "", ""}).status == 401);
  CHECK(blind.handle({"GET", link, {}, "", ""}).body.find("All is well") == std::string::npos);
  CHECK(asked == 1);
}

TEST_CASE("links: the pages are read, never written") {
  Bench bench;
  for (const char* method : {"POST", "DELETE", "PUT"})
    CHECK(bench.links.handle({method, bench.link(Seconds{60}), {}, "", ""}).status == 405);
}

TEST_CASE("links: at the admin listener the token comes before everything but the style") {
  Bench bench;
  const HttpRequest bare{"GET", "/leases", {{"Host", "127.0.0.1"}}, "", ""};
  CHECK(answer_operator(bench.pages, bare, bench.token).status == 401);
  CHECK(answer_operator(bench.pages, bare, Secret()).status == 200);
  HttpRequest with_token = bare;
  with_token.headers.add("Authorization", "Bearer " + bench.token.reveal());
  CHECK(answer_operator(bench.pages, with_token, bench.token).status == 200);
}

}  // namespace
}  // namespace mayfly::pages
