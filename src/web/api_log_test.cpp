#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const CapturingLog::Line& last_request(const ApiBench& bench) {
  REQUIRE_FALSE(bench.log.lines.empty());
  REQUIRE(bench.log.lines.back().event == "request");
  return bench.log.lines.back();
}

// ASCII without control characters.
bool is_clean(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

TEST_CASE("api: every answer has an id of its own, and the log has a line with that id") {
  ApiBench bench;
  std::set<std::string> ids;
  for (const char* target : {"/", "/nothing", "/v1/leases/x"}) {
    const HttpResponse answer = bench.send({"GET", target, {}, "", "192.0.2.7"});
    const auto& line = last_request(bench);
    CHECK(line.fields.at("request") == header_of(answer, "X-Request-Id"));
    CHECK(line.fields.at("peer") == "192.0.2.7");
    CHECK(line.fields.at("method") == "GET");
    CHECK(line.fields.at("target") == target);
    CHECK(line.fields.at("status") == std::to_string(answer.status));
    ids.insert(line.fields.at("request"));
  }
  CHECK(ids.size() == 3);
}

TEST_CASE("api: an answer carries the service's time, by which a machine checks its clock") {
  ApiBench bench;
  CHECK(header_of(bench.send({"GET", "/", {}, "", ""}), "Date") == http_date(bench.clock.wall()));
}

TEST_CASE("api: a refusal is logged with its code and reason, an upstream failure as an error") {
  ApiBench bench;
  (void)bench.send(post("/", "{}"));
  CHECK(last_request(bench).fields.at("code") == "bad-field");
  CHECK(last_request(bench).fields.at("reason") == "\"operation\" is missing");
  CHECK(last_request(bench).level == LogLevel::info);
  bench.github_wire.answer(401, "{}");
  (void)bench.send(post("/v1/leases", R"({"repository":"octo/repo","run_id":1,)"
                                      R"("runners":[{"architecture":"arm64"}]})"));
  CHECK(last_request(bench).fields.at("code") == "github-unauthorized");
  CHECK(last_request(bench).level == LogLevel::error);
}

TEST_CASE("api: hostile bytes come back neither in an answer nor in the log as they were sent") {
  const std::string evil = "\x1b]0;x\x07\x80\xff\r\nSet-Cookie: a=b";
  const std::string escaped = R"(\u001b]0;x\u0007\r\nSet-Cookie: a=b\u0085)";
  std::vector<HttpRequest> requests = {
      {"GET" + evil, "/", {}, "", "192.0.2.7"},
      {"GET", "/" + evil, {}, "", "192.0.2.7"},
      {"GET", "/%1b%5d0%3bx%07%80%ff%0d%0a", {}, "", "192.0.2.7"},
      {"GET", "/v1/leases/%1b%0d%0a", {}, "", "192.0.2.7"},
      post("/v1/leases?%1b%0d%0a=1", "{}"),
      post("/", "{\"" + evil + "\":1}"),
      post("/", "{}", evil),
      post("/", R"({"operation":")" + escaped + "\"}"),
      post("/", R"({"operation":"create","label":")" + escaped + R"(","architecture":"arm64"})"),
      post("/", R"({"operation":"create","label":"a","architecture":")" + escaped + "\"}"),
      post("/", R"({"operation":"create","label":"a",")" + escaped + R"(":1})"),
      post("/", R"({"operation":"destroy","label":")" + escaped + "\"}"),
      post("/v1/leases", R"({"repository":")" + escaped + R"(","run_id":1})"),
      post("/v1/leases",
           R"({"repository":"o/r","run_id":1,"runners":[{"architecture":")" + escaped + "\"}]}"),
      post_as_machine("/v1/claims",
                      R"({"lease":")" + escaped + R"(","instance_id":"i","claim_key":"k"})"),
      post_as_machine("/v1/leases/l-0123456789abcdef0123/events",
                      R"({"event":")" + escaped + "\"}"),
  };
  for (const HttpRequest& request : requests) {
    ApiBench bench;
    const HttpResponse answer = bench.send(request);
    CAPTURE(answer.body);
    CHECK(answer.status >= 400);
    CHECK(answer.status < 500);
    CHECK(is_clean(std::string(trim(answer.body))));
    CHECK(parse_json(answer.body));
    for (const Header& header : answer.headers) CHECK(is_clean(header.value));
    for (const CapturingLog::Line& line : bench.log.lines)
      for (const auto& [name, value] : line.fields) {
        CHECK_MESSAGE(is_clean(value), name);
      }
  }
}

}  // namespace
}  // namespace mayfly
