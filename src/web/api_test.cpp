#include "web/api.h"

#include <doctest/doctest.h>

#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const std::string k_id = "l-0123456789abcdef0123";
const std::string k_v1 = R"({"repository":"octo/repo","run_id":42,"run_attempt":2,)"
                         R"("runners":[{"architecture":"x86_64"}]})";

HttpRequest get(const std::string& target) { return {"GET", target, {}, "", "192.0.2.7"}; }

HttpRequest with_method(const std::string& method, const std::string& target) {
  return {method, target, {}, "", "192.0.2.7"};
}

std::string create(const std::string& rest) { return R"({"operation":"create",)" + rest + "}"; }
std::string destroy(const std::string& rest) { return R"({"operation":"destroy",)" + rest + "}"; }

json::array leases_in(const HttpResponse& response) {
  const json::object body = object_of(response);
  const json::array* leases = json_array(body, "leases");
  return leases == nullptr ? json::array{} : *leases;
}

void check_problem(const HttpResponse& response, int status, const std::string& code) {
  CHECK(response.status == status);
  const json::object problem = object_of(response);
  CHECK(text_of(problem, "code") == code);
  CHECK(json_int(problem, "status") == status);
  for (const char* key : {"type", "title", "detail", "remedy"})
    CHECK_MESSAGE(text_of(problem, key).size() > 8, std::string(key));
  CHECK(header_of(response, "Content-Type") == "application/problem+json");
  CHECK(header_of(response, "X-Request-Id").size() == 16);
  CHECK(header_of(response, "Cache-Control") == "no-store");
}

void check_untouched(ApiBench& bench) {
  CHECK(bench.calls() == 0);
  CHECK(bench.leases() == 0);
  CHECK(bench.doorbell.rings == 0);
}

TEST_CASE("api: what is refused for its form touches neither ledger nor GitHub nor EC2") {
  struct Row {
    HttpRequest request;
    int status;
    const char* code;
  };
  const std::string arm = R"(,"architecture":"arm64")";
  const Row rows[] = {
      {get("/"), 405, "method-not-allowed"},
      {with_method("HEAD", "/"), 405, "method-not-allowed"},
      {with_method("PUT", "/v1/leases"), 405, "method-not-allowed"},
      {get("/v1/claims"), 405, "method-not-allowed"},
      {get("/v1/leases/" + k_id + "/events"), 405, "method-not-allowed"},
      {post("/v1/leases/" + k_id, "{}"), 405, "method-not-allowed"},
      {get("/nothing"), 404, "no-such-path"},
      {post("/v1", "{}"), 404, "no-such-path"},
      {post("/V1/leases", k_v1), 404, "no-such-path"},
      {post("/v1/leases//", k_v1), 400, "bad-request"},
      {post("/v1/../v1/leases", k_v1), 400, "bad-request"},
      {post("http://else.example/v1/leases", k_v1), 400, "bad-request"},
      {get("*"), 400, "bad-request"},
      {get(""), 400, "bad-request"},
      {get("/v1/leases/%00"), 400, "bad-request"},
      {get("/v1/leases/%zz"), 400, "bad-request"},
      {get("/" + std::string(3000, 'a')), 400, "bad-request"},
      {post("/?wait=online", create(R"("label":"a")" + arm)), 400, "bad-field"},
      {post("/v1/leases?wait=offline", k_v1), 400, "bad-field"},
      {post("/v1/leases?timeout=5", k_v1), 400, "bad-field"},
      {get("/v1/leases/" + k_id), 404, "lease-not-found"},
      {get("/v1/leases/"), 404, "lease-not-found"},
      {get("/v1/leases/" + k_id + "/machines"), 404, "lease-not-found"},
      {with_method("DELETE", "/v1/leases/" + k_id), 404, "lease-not-found"},
      {with_method("DELETE", "/v1/leases/%25"), 404, "lease-not-found"},
      {post("/", "{}", "text/plain"), 415, "unsupported-media-type"},
      {post("/v1/leases", k_v1, ""), 415, "unsupported-media-type"},
      {post("/", ""), 400, "bad-json"},
      {post("/", "{}"), 400, "bad-field"},
      {post("/", R"({"operation":"terminate"})"), 400, "unknown-operation"},
      {post("/", std::string(4097, ' ')), 413, "body-too-large"},
      {post("/", create(R"("label":"rr_runner_a","architecture":"z80")")), 400,
       "unknown-architecture"},
      {post("/", create(R"("label":"mayfly-42-arm64")" + arm)), 400, "bad-label"},
      {post("/", create(R"("label":"rr_runner_a\n")" + arm)), 400, "bad-label"},
      {post("/", destroy(R"("label":"*")")), 400, "bad-label"},
      {post("/", destroy(R"("labels":["rr_runner_a","%"])")), 400, "bad-label"},
      {post("/v1/leases", R"({"repository":"octo/other","run_id":1,"runners":)"
                          R"([{"architecture":"arm64"}]})"),
       403, "repository-not-served"},
      {post("/v1/leases", R"({"repository":"octo/repo","run_id":1,"runners":)"
                          R"([{"architecture":"arm64","count":5}]})"),
       400, "too-many-runners"},
      {post("/v1/claims", "{}"), 400, "bad-field"},
      {post_as_machine("/v1/claims", R"({"lease":")" + k_id +
                                         R"(","instance_id":"i-0123456789abcdef0","claim_key":")" +
                                         k_claim_key + "\"}"),
       403, "claim-refused"},
      {post_as_machine("/v1/leases/" + k_id + "/events", R"({"event":"booted"})"), 403,
       "claim-refused"},
      {post_as_machine("/v1/leases/me/events", R"({"event":"booted"})"), 404, "lease-not-found"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.request.method + " " + row.request.url.substr(0, 60) + " " + row.request.body);
    ApiBench bench;
    check_problem(bench.send(row.request), row.status, row.code);
    check_untouched(bench);
  }
}

TEST_CASE("api: a method that a path does not take is answered with those that it takes") {
  ApiBench bench;
  CHECK(header_of(bench.send(get("/")), "Allow") == "POST");
  CHECK(header_of(bench.send(get("/v1/leases")), "Allow") == "POST");
  CHECK(header_of(bench.send(with_method("PUT", "/v1/leases/" + k_id)), "Allow") == "GET, DELETE");
}

TEST_CASE("api: where bare labels are off, nobody is asked about one") {
  Config config = small_config();
  config.repositories[0].seed_labels = SeedLabels::off;
  ApiBench bench(config);
  const std::string body = create(R"("architecture":"arm64","label":"rr_runner_a")");
  check_problem(bench.send(post("/", body)), 403, "seed-labels-off");
  check_problem(bench.send(post("/", destroy(R"("label":"rr_runner_a")"))), 403, "seed-labels-off");
  check_untouched(bench);
}

TEST_CASE("api: rr's workflow of today is served, byte for byte as its curl sends it") {
  ApiBench bench;
  bench.answer_with_live_run(42);
  bench.answer_with_machine('0');
  bench.answer_with_machine('1');
  const HttpResponse made =
      bench.send(post("/", R"({"operation":"create","architectures":["x86_64","arm64"],)"
                           R"("label":"rr_runner_0123456789abcdef0123456789abcdef"})"));
  CHECK(made.status == 200);
  CHECK(header_of(made, "Content-Type") == "application/json");
  const json::array leases = leases_in(made);
  REQUIRE(leases.size() == 2);
  const json::object& arm = leases[1].get_object();
  CHECK(text_of(arm, "label") == k_seed_label);
  CHECK(text_of(arm, "state") == "booting");
  CHECK(json_int(arm, "run_id") == 42);
  CHECK(arm.at("runs_on") == json::array{k_seed_label, "arch_arm64"});

  const HttpResponse released = bench.send(
      post("/", R"({"operation":"destroy","label":"rr_runner_0123456789abcdef0123456789abcdef"})"));
  CHECK(released.status == 200);
  CHECK(leases_in(released).size() == 2);
  const auto live = bench.ledger->live();
  REQUIRE(live);
  for (const Lease& lease : *live) {
    CHECK(lease.release_asked);
    CHECK(lease.state == LeaseState::booting);  // a doorbell ends nothing
  }
  CHECK(bench.doorbell.rings == 2);
}

TEST_CASE("api: rr's workflow of 2024 is served, byte for byte as its curl sent it") {
  ApiBench bench;
  for (const char* name : {"x86_64", "arm64"}) {
    bench.answer_with_live_run(42);
    bench.answer_with_machine(name[0] == 'x' ? '0' : '1');
    const HttpResponse made = bench.send(
        post("/", std::string(R"({"operation":"create","architecture":")") + name +
                      R"(","label":"rr_runner_0123456789abcdef0123456789abcdef_)" + name + "\"}"));
    CHECK(made.status == 200);
    REQUIRE(leases_in(made).size() == 1);
  }
  const HttpResponse released = bench.send(post(
      "/",
      R"({"operation":"destroy","labels":["rr_runner_0123456789abcdef0123456789abcdef_x86_64",)"
      R"("rr_runner_0123456789abcdef0123456789abcdef_arm64"]})"));
  CHECK(released.status == 200);
  CHECK(leases_in(released).size() == 2);
}

TEST_CASE("api: the same ask again is the same lease, and starts nothing") {
  ApiBench bench;
  const Lease lease = bench.one_lease();
  const std::size_t calls = bench.calls();
  const HttpResponse again =
      bench.send(post("/", create(R"("architecture":"x86_64","label":")" + k_seed_label + "\"")));
  CHECK(again.status == 200);
  CHECK(text_of(leases_in(again).at(0).get_object(), "id") == lease.id.text);
  CHECK(bench.calls() == calls);
}

TEST_CASE("api: a label that nobody asked for is released with success, for nothing is to do") {
  ApiBench bench;
  const HttpResponse released = bench.send(post("/", destroy(R"("label":"rr_runner_never")")));
  CHECK(released.status == 200);
  CHECK(leases_in(released).empty());
}

TEST_CASE("api: a destroy with one bad label among good ones releases none") {
  ApiBench bench;
  const Lease lease = bench.one_lease();
  const int rings = bench.doorbell.rings;
  const std::string labels = "\"labels\":[\"" + k_seed_label + "\",\"*\"]";
  check_problem(bench.send(post("/", destroy(labels))), 400, "bad-label");
  CHECK_FALSE(bench.ledger->find(lease.id).value().value().release_asked);
  CHECK(bench.doorbell.rings == rings);
}

TEST_CASE("api: a v1 ask is answered 201 when it made a lease, 200 when it was there") {
  ApiBench bench;
  bench.github_wire.answer(200, github::run_json(42));
  bench.answer_with_machine();
  const HttpResponse made = bench.send(post("/v1/leases", k_v1));
  CHECK(made.status == 201);
  const json::object lease = leases_in(made).at(0).get_object();
  CHECK(text_of(lease, "label") == "mayfly-42-x86_64");
  CHECK(text_of(lease, "status_url") == "https://ci.example.org/v1/leases/" + text_of(lease, "id"));

  bench.github_wire.answer(200, github::run_json(42));
  const HttpResponse again = bench.send(post("/v1/leases", k_v1));
  CHECK(again.status == 200);
  CHECK(text_of(leases_in(again).at(0).get_object(), "id") == text_of(lease, "id"));
  CHECK(bench.ec2_wire.sent.size() == 1);
}

TEST_CASE("api: another spelling of the repository's name is no way to a second lease") {
  ApiBench bench;
  bench.github_wire.answer(200, github::run_json(42));
  bench.answer_with_machine();
  CHECK(bench.send(post("/v1/leases", k_v1)).status == 201);
  bench.github_wire.answer(200, github::run_json(42));
  std::string shouted = k_v1;
  shouted.replace(shouted.find("octo/repo"), 9, "OCTO/Repo");
  CHECK(bench.send(post("/v1/leases", shouted)).status == 200);
  CHECK(bench.leases() == 1);
}

TEST_CASE("api: what GitHub says of a run decides, and starts nothing when it says no") {
  struct Row {
    int github_status;
    std::string github_body;
    int status;
    const char* code;
  };
  std::string completed = github::run_json(42);
  completed.replace(completed.find("in_progress"), 11, "completed");
  std::string elsewhere = github::run_json(42);
  elsewhere.replace(elsewhere.find("octo/repo"), 9, "ann/repo");
  for (const Row& row :
       {Row{404, "{}", 404, "run-not-found"}, Row{200, completed, 409, "run-not-live"},
        Row{200, elsewhere, 404, "run-not-found"}, Row{401, "{}", 502, "github-unauthorized"},
        Row{200, "<html>", 502, "github-bad-answer"}}) {
    CAPTURE(row.code);
    ApiBench bench;
    bench.github_wire.answer(row.github_status, row.github_body);
    check_problem(bench.send(post("/v1/leases", k_v1)), row.status, row.code);
    CHECK(bench.leases() == 0);
    CHECK(bench.ec2_wire.sent.empty());
  }
}

TEST_CASE(
    "api: what the owner's policy refuses is told as such, in both forms, and costs nothing") {
  struct Row {
    RunPolicy policy;
    const char* code;
  };
  const Row rows[] = {{{.events = {"push"}}, "event-not-allowed"},
                      {{.workflows = {".github/workflows/x.yml"}}, "workflow-not-allowed"},
                      {{.forks = Forks::deny}, "fork-not-allowed"},
                      {{.denied_actors = {"ANN"}}, "actor-not-allowed"}};
  for (const Row& row : rows) {
    CAPTURE(row.code);
    Config config = small_config();
    config.repositories.at(0).policy = row.policy;
    ApiBench bench(config);
    bench.github_wire.answer(200, github::run_json(42));
    check_problem(bench.send(post("/v1/leases", k_v1)), 403, row.code);
    bench.answer_with_live_run(42);
    const std::string ask = create(R"("label":"rr_runner_a","architecture":"arm64")");
    check_problem(bench.send(post("/", ask)), 403, row.code);
    CHECK(bench.leases() == 0);
    CHECK(bench.ec2_wire.sent.empty());
  }
}

TEST_CASE("api: an attempt that is not the run's current one is refused") {
  ApiBench bench;
  bench.github_wire.answer(200, github::run_json(42));  // its attempt is 2
  std::string body = k_v1;
  body.replace(body.find("\"run_attempt\":2"), 15, "\"run_attempt\":1");
  check_problem(bench.send(post("/v1/leases", body)), 409, "run-not-live");
  CHECK(bench.leases() == 0);
}

TEST_CASE("api: what may be asked again later says when") {
  ApiBench bench;
  bench.github_wire.answer(429, "{}", {{"retry-after", "30"}});
  const HttpResponse throttled = bench.send(post("/v1/leases", k_v1));
  check_problem(throttled, 503, "github-throttled");
  CHECK(header_of(throttled, "Retry-After") == "30");

  Config config = small_config();
  config.limits.machines = 0;
  ApiBench full(config);
  full.github_wire.answer(200, github::run_json(42));
  const HttpResponse limited = full.send(post("/v1/leases", k_v1));
  check_problem(limited, 429, "limit-machines");
  CHECK(header_of(limited, "Retry-After") != "(none)");
  CHECK(full.leases() == 0);
  CHECK(full.ec2_wire.sent.empty());
}

TEST_CASE("api: a lease is shown with its timeline to anyone, and to nobody with its secrets") {
  ApiBench bench;
  const Lease lease = bench.one_lease();
  const HttpResponse shown = bench.send(get("/v1/leases/" + lease.id.text));
  CHECK(shown.status == 200);
  const json::object body = object_of(shown);
  CHECK(text_of(body, "id") == lease.id.text);
  REQUIRE(json_array(body, "timeline") != nullptr);
  CHECK(text_of(json_array(body, "timeline")->at(0).get_object(), "event") == "asked");
  CHECK(shown.body.find(lease.launch.nonce_sha256) == std::string::npos);
  CHECK(header_of(shown, "Cache-Control") == "no-store");
}

TEST_CASE("api: delete is a doorbell: accepted, rung, and the lease goes on") {
  ApiBench bench;
  const Lease lease = bench.one_lease();
  const int rings = bench.doorbell.rings;
  const HttpResponse released = bench.send(with_method("DELETE", "/v1/leases/" + lease.id.text));
  CHECK(released.status == 202);
  CHECK(text_of(object_of(released), "state") == "booting");
  CHECK(bench.doorbell.rings == rings + 1);
  CHECK(bench.ledger->find(lease.id).value().value().release_asked);
}

TEST_CASE("api: its description is there for everyone, to read and not to change") {
  ApiBench bench;
  const HttpResponse response = bench.send(get("/openapi.json"));
  CHECK(response.status == 200);
  CHECK(header_of(response, "Content-Type") == "application/json");
  CHECK(text_of(parse_json(response.body, upstream_json_limits()).value().as_object(), "openapi") ==
        "3.1.0");
  check_problem(bench.send(with_method("POST", "/openapi.json")), 405, "method-not-allowed");
  check_problem(bench.send(get("/openapi.json?x=1")), 400, "bad-field");
  check_untouched(bench);
}

}  // namespace
}  // namespace mayfly
