#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "web/testing.h"

namespace mayfly {
namespace {

using namespace testing;

// A lease of run 42 with a machine that boots, and the nonce in that machine's tags.
struct MachineBench : ApiBench {
  MachineBench() {
    github_wire.answer(200, github::run_json(42));
    answer_with_machine();
    (void)send(post("/v1/leases", R"({"repository":"octo/repo","run_id":42,)"
                                  R"("runners":[{"architecture":"x86_64"}]})"));
    lease = ledger->recent(1)->at(0);
    const std::string& fleet = ec2_wire.body(0);
    const std::size_t value = fleet.find("Value=", fleet.find("mayfly%3Aclaim"));
    nonce = fleet.substr(value + 6, 32);
  }

  HttpResponse claim() {
    return send(post_as_machine("/v1/claims",
                                R"({"lease":")" + lease.id.text +
                                    R"(","instance_id":"i-0123456789abcdef0","claim_key":")" +
                                    k_claim_key + "\"}",
                                nonce));
  }
  HttpResponse report(const std::string& body, const std::string& with_nonce) {
    return send(post_as_machine("/v1/leases/" + lease.id.text + "/events", body, with_nonce));
  }
  [[nodiscard]] bool is_logged(const std::string& text) const {
    for (const CapturingLog::Line& line : log.lines)
      for (const auto& [name, value] : line.fields)
        if (value.find(text) != std::string::npos) return true;
    return false;
  }

  Lease lease;
  std::string nonce;
};

TEST_CASE("api: a claim is answered in lines, and neither nonce nor config is logged") {
  MachineBench bench;
  bench.ec2_wire.answer(200, aws::testing::answer_xml("ModifyInstanceMetadataOptions", ""));
  bench.github_wire.answer(201,
                           R"({"runner":{"id":7,"name":"mf","os":"unknown","status":"offline",)"
                           R"("busy":false,"labels":[]},"encoded_jit_config":"SklUX0NPTkZJRw"})");
  const HttpResponse answer = bench.claim();
  CHECK(answer.status == 200);
  CHECK(header_of(answer, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(header_of(answer, "Cache-Control") == "no-store");
  CHECK(answer.body == "lease " + bench.lease.id.text +
                           "\nrepository octo/repo\nrun_id 42\nsudo yes\nshared no\n"
                           "idle_seconds 660\njit_config SklUX0NPTkZJRw\n");
  for (const std::string& secret : {bench.nonce, k_claim_key, std::string("SklUX0NPTkZJRw")})
    CHECK_FALSE(bench.is_logged(secret));
}

TEST_CASE("api: a claim with another nonce gets the answer of a lease that does not exist") {
  MachineBench bench;
  const std::string right = bench.nonce;
  bench.nonce = k_nonce;
  const HttpResponse wrong = bench.claim();
  bench.nonce = right;
  bench.lease.id = LeaseId{"l-00000000000000000000"};
  const HttpResponse nobody = bench.claim();
  CHECK(wrong.status == 403);
  CHECK(wrong.body == nobody.body);
  CHECK(bench.github_wire.sent.size() == 1);
  CHECK(bench.ec2_wire.sent.size() == 1);
}

TEST_CASE("api: a machine that has booted is told which runner to fetch") {
  MachineBench bench;
  bench.github_wire.answer(200, "[" + download_json("linux", "x64", "2.336.0", "abcd") + "]");
  const HttpResponse answer = bench.report(R"({"event":"booted","detail":"up"})", bench.nonce);
  CHECK(answer.status == 200);
  CHECK(answer.body ==
        "lease " + bench.lease.id.text +
            "\nrunner_version 2.336.0\n"
            "runner_url https://github.com/d/actions-runner-linux-x64-2.336.0.tar.gz\n"
            "runner_sha256 abcd\n");
  const auto events = bench.ledger->events(bench.lease.id).value();
  CHECK(events.back().name == "machine-booted");
  CHECK(events.back().detail == "up");
}

TEST_CASE("api: any other report of a machine is noted and answered with nothing") {
  MachineBench bench;
  const HttpResponse answer = bench.report(R"({"event":"claiming"})", bench.nonce);
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  CHECK(bench.ledger->events(bench.lease.id).value().back().name == "machine-claiming");
}

std::vector<std::string> refusals_of(Ledger& ledger) {
  std::vector<std::string> out;
  const auto events = ledger.refusals().value();
  for (const LeaseEvent& event : events) out.push_back(event.name + ": " + event.detail);
  std::sort(out.begin(), out.end());
  return out;
}

TEST_CASE("api: a report of a stranger is refused and changes nothing but the owner's stamp") {
  MachineBench bench;
  const std::size_t count = bench.ledger->events(bench.lease.id).value().size();
  for (int i = 0; i < 3; ++i) {
    const HttpResponse answer = bench.report(R"({"event":"failed"})", k_nonce);
    CHECK(answer.status == 403);
    CHECK(text_of(object_of(answer), "code") == "claim-refused");
  }
  CHECK(bench.ledger->events(bench.lease.id).value().size() == count + 1);
  CHECK(refusals_of(*bench.ledger) == std::vector<std::string>{"event-refused: wrong nonce"});
}

TEST_CASE("api: each reason for which claims were refused is stamped once, with its name") {
  MachineBench bench;
  bench.ec2_wire.answer(200, aws::testing::answer_xml("ModifyInstanceMetadataOptions", ""));
  bench.github_wire.answer(201,
                           R"({"runner":{"id":7,"name":"mf","os":"unknown","status":"offline",)"
                           R"("busy":false,"labels":[]},"encoded_jit_config":"SklUX0NPTkZJRw"})");
  REQUIRE(bench.claim().status == 200);
  const auto refused = [&](const std::string& instance, const std::string& key,
                           const std::string& nonce) {
    const HttpResponse answer =
        bench.send(post_as_machine("/v1/claims",
                                   R"({"lease":")" + bench.lease.id.text + R"(","instance_id":")" +
                                       instance + R"(","claim_key":")" + key + "\"}",
                                   nonce));
    CHECK(answer.status == 403);
    return answer.body;
  };
  const std::string other_key(32, 'f');
  std::set<std::string> answers;
  for (int i = 0; i < 2; ++i) {
    answers.insert(refused("i-0123456789abcdef0", other_key, bench.nonce));
    answers.insert(refused("i-0000000000000dead", k_claim_key, bench.nonce));
    answers.insert(refused("i-0123456789abcdef0", k_claim_key, k_nonce));
  }
  CHECK(answers.size() == 1);
  CHECK(refusals_of(*bench.ledger) == std::vector<std::string>{"claim-refused: another claim key",
                                                               "claim-refused: another instance",
                                                               "claim-refused: wrong nonce"});
}

TEST_CASE("api: the public page of a lease does not tell what was refused") {
  MachineBench bench;
  const auto page = [&] {
    return bench.send({"GET", "/v1/leases/" + bench.lease.id.text, {}, "", "192.0.2.7"}).body;
  };
  const std::string before = page();
  REQUIRE(bench.report(R"({"event":"failed"})", k_nonce).status == 403);
  bench.nonce = k_nonce;
  REQUIRE(bench.claim().status == 403);
  CHECK(refusals_of(*bench.ledger).size() == 2);
  CHECK(page() == before);
}

}  // namespace
}  // namespace mayfly
