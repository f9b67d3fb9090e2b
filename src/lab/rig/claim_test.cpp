// The claim: what a machine, a thief, or a lost answer can make of it.

#include <boost/json/serialize.hpp>

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

const std::string k_key = "0123456789abcdef0123456789abcdef";
const std::string k_other_key = "ffffffffffffffffffffffffffffffff";

// One lease whose machine runs but never speaks: the test speaks for it.
struct Booted {
  Rig rig{[] {
    RigOptions options = rr_options();
    options.machines = all_behave(Behaviour::dead);
    return options;
  }()};
  RunId run = start_v1_run(rig.github());
  FakeInstance machine;

  Booted() {
    json::object one = v1_ask(run);
    one["runners"].as_array().pop_back();
    REQUIRE(rig.post("/v1/leases", one).status == 201);
    rig.run_for(Seconds{20});
    machine = live_instances(rig.aws()).at(0);
  }

  Lease lease() { return leases(rig).at(0); }
  std::string nonce() { return tag_of(machine, k_tag_claim); }

  HttpResponse claim(const std::string& nonce, const std::string& instance,
                     const std::string& key) {
    const json::object body{
        {"lease", lease().id.text}, {"instance_id", instance}, {"claim_key", key}};
    auto answer = rig.ask("POST", "/v1/claims", json::serialize(body), {{"X-Mayfly-Claim", nonce}});
    return answer ? *answer : HttpResponse{0, {}, ""};
  }
  HttpResponse good_claim(const std::string& key = k_key) {
    return claim(nonce(), machine.id.text, key);
  }
};

TEST_CASE("rig: a claim with a wrong nonce or of another machine is refused and changes nothing") {
  Booted story;
  const Lease before = story.lease();
  const std::size_t calls = story.rig.upstream().journal().size();
  const std::string nonce = story.nonce();
  const std::string id = story.machine.id.text;
  const HttpResponse answers[] = {story.claim(std::string(32, '0'), id, k_key),
                                  story.claim(nonce, "i-0123456789abcdef0", k_key)};
  for (const HttpResponse& answer : answers) {
    CHECK(answer.status == 403);
    CHECK(code_of(answer) == "claim-refused");
  }
  CHECK(story.lease().version == before.version);
  CHECK(story.rig.upstream().journal().size() == calls);
  CHECK(story.rig.github().runners().empty());
  CHECK(story.good_claim().status == 200);
}

TEST_CASE("rig: a claim is repeated with its key only, and leaves one runner in the end") {
  Booted story;
  CHECK(story.good_claim().status == 200);  // and the answer got lost on its way
  CHECK(story.good_claim(k_other_key).status == 403);
  CHECK(story.good_claim().status == 200);
  story.rig.run_for(Seconds{15});
  const auto runners = story.rig.github().runners();
  REQUIRE(runners.size() == 1);
  CHECK(runners.at(0).name == story.lease().runner_name);
}

TEST_CASE("rig: metadata is off once the claim is answered") {
  Booted story;
  CHECK(story.good_claim().status == 200);
  CHECK(story.rig.aws().find(story.machine.id)->spec.metadata.endpoint == false);
}

TEST_CASE("rig: once the runner is online the same claim, sent again to the letter, is refused") {
  Rig rig;
  const RunId run = start_v1_run(rig.github());
  REQUIRE(rig.post("/v1/leases?wait=online&timeout=120", v1_ask(run)).status == 201);
  int replayed = 0;
  const std::vector<HttpRequest> sent = rig.machine_net().journal();
  for (const HttpRequest& request : sent) {
    if (call_name(request) != "POST /v1/claims") continue;
    const std::string nonce(request.headers.find("X-Mayfly-Claim").value());
    const auto answer = rig.ask("POST", "/v1/claims", request.body, {{"X-Mayfly-Claim", nonce}});
    CHECK(answer->status == 403);
    ++replayed;
  }
  CHECK(replayed == 2);
  CHECK(rig.github().runners().size() == 2);
}

TEST_CASE("rig: a claim past the deadline is refused") {
  Booted story;
  story.rig.set_sweeping(false);
  story.rig.watch().allow_overrun(Seconds{600});
  story.rig.run_for(Seconds{3600});
  CHECK(story.good_claim().status == 403);
  CHECK(story.rig.github().runners().empty());
}

// The whole life of one run, with something wrong about its claims.
void play(const std::function<void(Rig&)>& spoil) {
  Rig rig;
  spoil(rig);
  const RunId run = begin_and_create(rig, k_label, Seconds{60});
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
  CHECK(rig.aws().instances().size() == 2);
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: whatever is lost about a claim, each lease gets one runner and none is left over") {
  SUBCASE("GitHub's answer") {
    play([](Rig& rig) { rig.upstream().add(lost("generate-jitconfig")); });
  }
  SUBCASE("GitHub's answer, several times") {
    play([](Rig& rig) { rig.upstream().add(lost("generate-jitconfig", 5)); });
  }
  SUBCASE("GitHub says that the name exists") {
    play([](Rig& rig) { rig.upstream().add(answered("generate-jitconfig", 409, 2)); });
  }
  SUBCASE("GitHub fails for a while") {
    play([](Rig& rig) { rig.upstream().add(answered("generate-jitconfig", 502, 8)); });
  }
  SUBCASE("our answer to the machine") {
    play([](Rig& rig) { rig.machine_net().add(lost("/v1/claims", 2)); });
  }
  SUBCASE("the machine's way to us") {
    play([](Rig& rig) { rig.machine_net().add(refused("/v1/claims", 6)); });
  }
  SUBCASE("EC2's answer to switching metadata off") {
    play([](Rig& rig) { rig.upstream().add(lost("ModifyInstanceMetadataOptions", 3)); });
  }
}

TEST_CASE("rig: a GitHub that refuses us for good ends the lease at once, with the reason") {
  Rig rig;
  rig.upstream().add(answered("generate-jitconfig", 403, k_always));
  begin_and_create(rig, k_label);
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{120}));
  CHECK(rig.run_until_quiet(Seconds{300}));
  CHECK(rig.aws().instances().size() == 2);
  for (const Lease& lease : leases(rig)) {
    CHECK(lease.outcome == Outcome::refused);
    CHECK(lease.reason.starts_with("github-"));
  }
  check_settled(rig);
}

}  // namespace
}  // namespace mayfly
