#include "web/requests.h"

#include <doctest/doctest.h>

#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

struct Row {
  std::string body;
  Code code = Code::bad_field;
  std::string says = {};  // must occur in the message
};

using Parsed = std::variant<SeedAsk, SeedRelease>;

Parsed seed(const std::string& body) {
  const Config config = small_config();
  auto parsed = parse_seed(post("/", body), config);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
  return std::move(*parsed);
}

template <class T>
void check_refused(const Result<T>& parsed, const Row& row) {
  CAPTURE(row.body);
  REQUIRE_FALSE(parsed);
  CHECK(info(parsed.error().code).name == info(row.code).name);
  CHECK_MESSAGE(parsed.error().message.find(row.says) != std::string::npos, parsed.error().message);
}

void check_seed_refused(std::initializer_list<Row> rows) {
  const Config config = small_config();
  for (const Row& row : rows) check_refused(parse_seed(post("/", row.body), config), row);
}

void check_ask_refused(std::initializer_list<Row> rows) {
  const Config config = small_config();
  for (const Row& row : rows)
    check_refused(parse_runners_ask(post("/v1/leases", row.body), config), row);
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST_CASE("requests: rr's create of today names its architectures in a list") {
  const auto ask =
      std::get<SeedAsk>(seed(R"({"operation":"create","architectures":["x86_64","arm64"],"label":")"
                             R"(rr_runner_0123456789abcdef0123456789abcdef"})"));
  CHECK(ask.label == "rr_runner_0123456789abcdef0123456789abcdef");
  CHECK(ask.architectures == std::vector{Architecture::x86_64, Architecture::arm64});
}

TEST_CASE("requests: rr's create of 2024 names one architecture") {
  const auto ask =
      std::get<SeedAsk>(seed(R"({"operation":"create","architecture":"x86_64","label":")"
                             R"(rr_runner_0123456789abcdef0123456789abcdef_x86_64"})"));
  CHECK(ask.label == "rr_runner_0123456789abcdef0123456789abcdef_x86_64");
  CHECK(ask.architectures == std::vector{Architecture::x86_64});
}

TEST_CASE("requests: rr's destroy names a label, that of 2024 a list of them") {
  const auto one = std::get<SeedRelease>(
      seed(R"({"operation":"destroy","label":"rr_runner_0123456789abcdef0123456789abcdef"})"));
  CHECK(one.labels == std::vector<std::string>{"rr_runner_0123456789abcdef0123456789abcdef"});
  const auto two = std::get<SeedRelease>(
      seed(R"({"operation":"destroy","labels":["rr_runner_01_x86_64","rr_runner_01_arm64"]})"));
  CHECK(two.labels == std::vector<std::string>{"rr_runner_01_x86_64", "rr_runner_01_arm64"});
}

TEST_CASE("requests: the content type is JSON, with or without a charset, in any case of letters") {
  const Config config = small_config();
  const std::string body = R"({"operation":"destroy","label":"a"})";
  for (const char* type : {"application/json", "application/json; charset=utf-8",
                           "application/json;charset=UTF-8", "Application/JSON"})
    CHECK_MESSAGE(parse_seed(post("/", body, type), config), std::string(type));
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json",
        "application/json-patch+json", "text/plain; application/json", "application/json, text/x"})
    check_refused(parse_seed(post("/", body, type), config),
                  {std::string(type), Code::unsupported_media_type});
  HttpRequest without = post("/", body);
  without.headers = {};
  check_refused(parse_seed(without, config), {"no type", Code::unsupported_media_type});
}

TEST_CASE("requests: a body that is not one small, shallow, unambiguous JSON object is refused") {
  const std::string label = R"(,"label":"a")";
  check_seed_refused({
      {"", Code::bad_json},
      {"null", Code::bad_json, "one JSON object"},
      {"[]", Code::bad_json, "one JSON object"},
      {"\"create\"", Code::bad_json, "one JSON object"},
      {"{", Code::bad_json, "ends too early"},
      {R"({"operation":"destroy"} x)", Code::bad_json},
      {R"({"operation":"destroy"}{})", Code::bad_json},
      {R"({'operation':'destroy'})", Code::bad_json},
      {R"({"operation":"destroy",})", Code::bad_json},
      {R"({"operation":"destroy","operation":"create"})", Code::bad_json, "appears twice"},
      {R"({"operation":"destroy","label":"a","label":"b"})", Code::bad_json, "appears twice"},
      {R"({"operation":"destroy","label":"a\u0000b"})", Code::bad_json, "NUL"},
      {R"({"operation":"destroy","label":"a)" + std::string(1, '\0') + "\"}", Code::bad_json},
      {"{\"operation\":\"destroy\",\"label\":\"\xff\"}", Code::bad_json},
      {"{\"operation\":\"destroy\",\"label\":\"\xc0\xaf\"}", Code::bad_json},
      {"{\"operation\":\"destroy\",\"label\":\"a\nb\"}", Code::bad_json},
      {R"({"label":)" + repeated("[", 9) + repeated("]", 9) + "}", Code::bad_json, "deeper than 8"},
      {R"({"label":)" + repeated("[", 2000), Code::bad_json},
      {R"({"label":")" + std::string(k_request_body_max, 'a') + "\"}", Code::body_too_large,
       "4096"},
      {R"({"label":1e999})", Code::bad_json},
  });
}

TEST_CASE("requests: a body may be as large as the limit and no larger") {
  const Config config = small_config();
  const std::string start = R"({"operation":"destroy","label":"a"})";
  const std::string full = start + std::string(k_request_body_max - start.size(), ' ');
  CHECK(parse_seed(post("/", full), config));
  check_refused(parse_seed(post("/", full + " "), config), {"one more", Code::body_too_large});
}

TEST_CASE("requests: an operation is create or destroy, to the letter") {
  check_seed_refused({
      {R"({"label":"a"})", Code::bad_field, "\"operation\" is missing"},
      {R"({"operation":null})", Code::bad_field, "must be a string"},
      {R"({"operation":["create"]})", Code::bad_field, "must be a string"},
      {R"({"operation":""})", Code::unknown_operation},
      {R"({"operation":"Create"})", Code::unknown_operation, "\"Create\" is no operation"},
      {R"({"operation":"create "})", Code::unknown_operation},
      {"{\"operation\":\"\\u001b[31m\"}", Code::unknown_operation, "\\x1b[31m"},
  });
}

TEST_CASE("requests: a seed create with a wrong, missing or unknown field is refused by its name") {
  const auto create = [](const std::string& rest) {
    return R"({"operation":"create",)" + rest + "}";
  };
  check_seed_refused({
      {create(R"("architecture":"x86_64")"), Code::bad_field, "\"label\" is missing"},
      {create(R"("architecture":"x86_64","label":7)"), Code::bad_field,
       "\"label\" must be a string"},
      {create(R"("label":"a")"), Code::bad_field, "\"architectures\" must be a list of 1 to 8"},
      {create(R"("label":"a","architectures":[])"), Code::bad_field, "1 to 8 distinct"},
      {create(R"("label":"a","architectures":"x86_64")"), Code::bad_field, "must be a list"},
      {create(R"("label":"a","architectures":{})"), Code::bad_field, "must be a list"},
      {create(R"("label":"a","architectures":[1])"), Code::bad_field, "distinct strings"},
      {create(R"("label":"a","architectures":["arm64","arm64"])"), Code::bad_field, "distinct"},
      {create(R"("label":"a","architectures":["1","2","3","4","5","6","7","8","9"])"),
       Code::bad_field, "1 to 8"},
      {create(R"("label":"a","architecture":["arm64"])"), Code::bad_field, "must be a string"},
      {create(R"("label":"a","architecture":"arm64","architectures":["arm64"])"), Code::bad_field,
       "either \"architecture\" or \"architectures\""},
      {create(R"("label":"a","architecture":"ARM64")"), Code::unknown_architecture,
       "\"ARM64\" is not one of: x86_64, arm64"},
      {create(R"("label":"a","architectures":["x86_64","riscv64"])"), Code::unknown_architecture},
      {create(R"("label":"a","architecture":"arm64","lable":"b")"), Code::bad_field,
       "did you mean \"label\"?"},
      {create(R"("label":"a","architecture":"arm64","labels":["b"])"), Code::bad_field,
       "\"labels\" is not a field here"},
      {create(R"("label":"a","architecture":"arm64","user_data":"#!/bin/sh")"), Code::bad_field,
       "\"user_data\" is not a field here"},
  });
}

TEST_CASE("requests: a seed destroy names one label or a list of distinct ones") {
  const auto destroy = [](const std::string& rest) {
    return R"({"operation":"destroy")" + rest + "}";
  };
  std::string many = "\"0\"";
  for (int i = 1; i < 17; ++i) many += ",\"" + std::to_string(i) + "\"";
  check_seed_refused({
      {destroy(""), Code::bad_field, "\"labels\" must be a list of 1 to 16"},
      {destroy(R"(,"label":"a","labels":["a"])"), Code::bad_field,
       "either \"label\" or \"labels\""},
      {destroy(R"(,"labels":[])"), Code::bad_field, "1 to 16 distinct"},
      {destroy(R"(,"labels":["a","a"])"), Code::bad_field, "distinct"},
      {destroy(R"(,"labels":["a",null])"), Code::bad_field, "distinct strings"},
      {destroy(",\"labels\":[" + many + "]"), Code::bad_field, "1 to 16"},
      {destroy(R"(,"label":"a","architecture":"arm64")"), Code::bad_field, "\"architecture\""},
  });
}

TEST_CASE("requests: an architecture without a pool is unknown here") {
  Config config = small_config();
  config.instance_types.pop_back();
  const std::string body = R"({"operation":"create","architecture":"arm64","label":"a"})";
  check_refused(parse_seed(post("/", body), config),
                {body, Code::unknown_architecture, "is not one of: x86_64"});
}

TEST_CASE("requests: a v1 ask is a run and how many runners of which architecture") {
  const Config config = small_config();
  const auto ask = parse_runners_ask(
      post("/v1/leases",
           R"({"repository":"octo/repo","run_id":9223372036854775807,"run_attempt":3,"runners":)"
           R"([{"architecture":"x86_64","count":256},{"architecture":"arm64"}]})"),
      config);
  REQUIRE(ask);
  CHECK(ask->repository.text == "octo/repo");
  CHECK(ask->run_id == INT64_MAX);
  CHECK(ask->run_attempt == 3);
  CHECK(ask->counts ==
        std::map<Architecture, int>{{Architecture::x86_64, 256}, {Architecture::arm64, 1}});
  const auto short_one = parse_runners_ask(
      post("/v1/leases", R"({"repository":"o/r","run_id":1,"runners":[{"architecture":"arm64"}]})"),
      config);
  CHECK(short_one.value().run_attempt == 0);
}

TEST_CASE("requests: a run id is a whole number from 1, and nothing that only looks like one") {
  const auto with = [](const std::string& id) {
    return R"({"repository":"o/r","run_id":)" + id + R"(,"runners":[{"architecture":"arm64"}]})";
  };
  check_ask_refused({
      {R"({"repository":"o/r","runners":[{"architecture":"arm64"}]})", Code::bad_field,
       "\"run_id\" is missing"},
      {with("0"), Code::bad_field, "\"run_id\" must be a whole number from 1"},
      {with("-1")},
      {with("1.0")},
      {with("1e3")},
      {with("\"1\"")},
      {with("null")},
      {with("true")},
      {with("[1]")},
      {with("9223372036854775808")},
      {with("18446744073709551615")},
      {with("99999999999999999999999999")},
      {with("01"), Code::bad_json},
  });
}

TEST_CASE("requests: a v1 ask with a wrong field is refused by its name") {
  const auto with = [](const std::string& repository, const std::string& rest) {
    return R"({"repository":)" + repository + R"(,"run_id":1)" + rest + "}";
  };
  const std::string runners = R"(,"runners":[{"architecture":"arm64"}])";
  const auto with_runner = [&](const std::string& runner) {
    return with("\"o/r\"", R"(,"runners":[)" + runner + "]");
  };
  check_ask_refused({
      {with("\"o\"", runners), Code::bad_field, "\"owner/name\""},
      {with("\"o/r/x\"", runners), Code::bad_field, "\"owner/name\""},
      {with("\"o/..\"", runners), Code::bad_field, "\"owner/name\""},
      {with("\"o/r?x=1\"", runners), Code::bad_field, "\"owner/name\""},
      {with("\"o/r\\n\"", runners), Code::bad_field, "\"owner/name\""},
      {with("7", runners), Code::bad_field, "\"repository\" must be a string"},
      {with("\"o/r\"", R"(,"run_attempt":0)" + runners), Code::bad_field, "from 1 to 10000"},
      {with("\"o/r\"", R"(,"run_attempt":10001)" + runners), Code::bad_field, "from 1 to 10000"},
      {with("\"o/r\"", R"(,"attempt":1)" + runners), Code::bad_field, "\"attempt\" is not a field"},
      {with("\"o/r\"", ""), Code::bad_field, "\"runners\" must be a list of 1 to 8"},
      {with("\"o/r\"", R"(,"runners":[])"), Code::bad_field, "1 to 8"},
      {with("\"o/r\"", R"(,"runners":{"architecture":"arm64"})"), Code::bad_field,
       "must be a list"},
      {with_runner(repeated("{},", 8) + "{}"), Code::bad_field, "1 to 8"},
      {with_runner("\"arm64\""), Code::bad_field, "must be an object"},
      {with_runner("{}"), Code::bad_field, "\"architecture\" is missing"},
      {with_runner(R"({"architecture":"z80"})"), Code::unknown_architecture},
      {with_runner(R"({"architecture":"arm64","count":0})"), Code::bad_field, "from 1 to 256"},
      {with_runner(R"({"architecture":"arm64","count":-1})"), Code::bad_field, "from 1 to 256"},
      {with_runner(R"({"architecture":"arm64","count":257})"), Code::bad_field, "from 1 to 256"},
      {with_runner(R"({"architecture":"arm64","count":1.5})"), Code::bad_field, "whole number"},
      {with_runner(R"({"architecture":"arm64","cuont":1})"), Code::bad_field, "\"count\"?"},
      {with_runner(R"({"architecture":"arm64"},{"architecture":"arm64"})"), Code::bad_field,
       "names arm64 twice"},
  });
}

TEST_CASE("requests: to wait is ?wait=online, with a timeout of 1 to 120 seconds or one minute") {
  const auto wait = [](const char* target) { return parse_wait(parse_target(target).value()); };
  CHECK_FALSE(wait("/v1/leases").value());
  CHECK(wait("/v1/leases?wait=online").value() == Seconds{60});
  CHECK(wait("/v1/leases?wait=online&timeout=1").value() == Seconds{1});
  CHECK(wait("/v1/leases?timeout=120&wait=online").value() == Seconds{120});
  for (const char* bad : {"?wait=", "?wait", "?wait=busy", "?timeout=5", "?wait=online&timeout=0",
                          "?wait=online&timeout=121", "?wait=online&timeout=-1",
                          "?wait=online&timeout=5s", "?wait=online&timeout=",
                          "?wait=online&timeout=99999999999999999999", "?wait=online&timout=5",
                          "?wait=online&wait=online", "?wait=online&timeout=5&timeout=6", "?x=1"})
    check_refused(wait((std::string("/v1/leases") + bad).c_str()), {bad});
}

const std::string k_claim_body =
    R"({"lease":"l-0123456789abcdef0123","instance_id":"i-0123456789abcdef0","claim_key":")" +
    k_claim_key + "\"}";

TEST_CASE("requests: a claim is lease, instance and key in the body, and the nonce in a header") {
  const auto claim = parse_claim(post_as_machine("/v1/claims", k_claim_body));
  REQUIRE(claim);
  CHECK(claim->lease_id.text == "l-0123456789abcdef0123");
  CHECK(claim->instance_id.text == "i-0123456789abcdef0");
  CHECK(claim->key == k_claim_key);
  CHECK(claim->nonce == k_nonce);
}

TEST_CASE("requests: a claim whose nonce is missing or not 32 lower-case hex digits is refused") {
  check_refused(parse_claim(post("/v1/claims", k_claim_body)),
                {"", Code::bad_field, "X-Mayfly-Claim"});
  for (const std::string& nonce :
       {std::string(), k_nonce.substr(1), k_nonce + "0", std::string(32, 'A'), std::string(32, 'g'),
        k_nonce.substr(1) + " ", k_nonce.substr(1) + "\n", std::string(4096, '0')})
    check_refused(parse_claim(post_as_machine("/v1/claims", k_claim_body, nonce)),
                  {nonce, Code::bad_field, "X-Mayfly-Claim"});
}

TEST_CASE("requests: a claim with a field that is not of its form is refused by its name") {
  const auto with = [](const std::string& lease, const std::string& instance,
                       const std::string& key) {
    return R"({"lease":")" + lease + R"(","instance_id":")" + instance + R"(","claim_key":")" +
           key + "\"}";
  };
  const std::string lease = "l-0123456789abcdef0123";
  const std::string instance = "i-0123456789abcdef0";
  for (const Row& row : std::initializer_list<Row>{
           {with("l-0123", instance, k_claim_key), Code::bad_field, "\"lease\""},
           {with("l-0123456789ABCDEF0123", instance, k_claim_key), Code::bad_field, "\"lease\""},
           {with(lease, "i-0123", k_claim_key), Code::bad_field, "\"instance_id\""},
           {with(lease, "../../etc/passwd", k_claim_key), Code::bad_field, "\"instance_id\""},
           {with(lease, instance, ""), Code::bad_field, "\"claim_key\""},
           {with(lease, instance, std::string(32, 'F')), Code::bad_field, "\"claim_key\""},
           {with(lease, instance, k_claim_key + "0"), Code::bad_field, "\"claim_key\""},
           {"{}", Code::bad_field, "\"lease\" is missing"}})
    check_refused(parse_claim(post_as_machine("/v1/claims", row.body)), row);
}

TEST_CASE("requests: a machine reports one of its events, with one printable line of detail") {
  const LeaseId lease{"l-0123456789abcdef0123"};
  const auto parse = [&](const std::string& body) {
    return parse_machine_event(post_as_machine("/v1/leases/x/events", body), lease);
  };
  for (const char* name :
       {"booted", "runner-downloading", "runner-ready", "claiming", "runner-started", "job-started",
        "job-completed", "runner-exited", "failed"})
    CHECK(parse(std::string(R"({"event":")") + name + "\"}").value().name == name);
  const auto full = parse(R"({"event":"failed","detail":")" + std::string(200, '~') + "\"}");
  CHECK(full.value().detail.size() == 200);
  CHECK(full.value().lease_id == lease);

  for (const Row& row : std::initializer_list<Row>{
           {"{}", Code::bad_field, "\"event\" is missing"},
           {R"({"event":"online"})", Code::bad_field, "not one that machines report"},
           {R"({"event":"Booted"})", Code::bad_field, "not one that machines report"},
           {R"({"event":""})", Code::bad_field, "not one that machines report"},
           {R"({"event":["booted"]})", Code::bad_field, "must be a string"},
           {R"({"event":"failed","detail":1})", Code::bad_field, "\"detail\" must be a string"},
           {R"({"event":"failed","detail":"a\nb"})", Code::bad_field, "printable ASCII"},
           {R"({"event":"failed","detail":"\u001b[2J"})", Code::bad_field, "printable ASCII"},
           {R"({"event":"failed","detail":"\u00fc"})", Code::bad_field, "printable ASCII"},
           {R"({"event":"failed","detail":")" + std::string(201, 'a') + "\"}", Code::bad_field,
            "200"},
           {R"({"event":"failed","details":"a"})", Code::bad_field, "did you mean \"detail\"?"}})
    check_refused(parse(row.body), row);
}

}  // namespace
}  // namespace mayfly
