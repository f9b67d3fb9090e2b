// What a machine sends, on which a stranger is root. The input's first line is "claim" or the id of
// the lease that an event is reported for, the second the nonce's header, the rest the body. The
// service has one lease with a machine that boots.

#include <boost/json/serialize.hpp>

#include "fuzz/api_laws.h"
#include "web/requests.h"

namespace mayfly::fuzz {
namespace {

const char* const k_jit = "SklUX0NPTkZJRw";

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size && is_all_of(text, "0123456789abcdef");
}

// A lease of run 42, whose machine is i-0123456789abcdef0.
void make_lease(ApiHarness::Bench& bench) {
  bench.github_wire.answer(200, github::run_json(42));
  bench.answer_with_machine();
  (void)bench.send(testing::post("/v1/leases", R"({"repository":"octo/repo","run_id":42,)"
                                               R"("runners":[{"architecture":"x86_64"}]})"));
}

std::string nonce_of(const ApiHarness::Bench& bench) {
  const std::string& fleet = bench.ec2_wire.body(0);
  const std::size_t value = fleet.find("Value=", fleet.find("mayfly%3Aclaim"));
  return fleet.substr(value + 6, 32);
}

void answer_upstream(ApiHarness::Bench& bench, bool is_claim) {
  if (!is_claim) {
    bench.github_wire.answer(
        200, "[" + testing::download_json("linux", "x64", "2.336.0", std::string(64, 'a')) + "]");
    return;
  }
  bench.ec2_wire.answer(200, aws::testing::answer_xml("ModifyInstanceMetadataOptions", ""));
  bench.github_wire.answer(201, R"({"runner":)" + github::runner_json(7, "mf") +
                                    R"(,"encoded_jit_config":")" + k_jit + "\"}");
}

void check_claim(const HttpRequest& request) {
  const auto claim = parse_claim(request);
  if (!claim) return check_error(claim.error());
  law(parse_lease_id(claim->lease_id.text) == claim->lease_id, "a claim names a lease id");
  law(parse_instance_id(claim->instance_id.text) == claim->instance_id, "and an instance id");
  law(is_hex(claim->key, 32) && is_hex(claim->nonce, 32), "and has a key and a nonce");
  HttpRequest again = request;
  again.body = json::serialize(json::object{{"lease", claim->lease_id.text},
                                            {"instance_id", claim->instance_id.text},
                                            {"claim_key", claim->key}});
  law(parse_claim(again).has_value(), "a claim is accepted again when written");
}

void check_event(const HttpRequest& request) {
  const auto event = parse_machine_event(request, LeaseId{"l-0123456789abcdef0123"});
  if (!event) return check_error(event.error());
  law(is_machine_event(event->name), "an event is one that machines report");
  law(event->detail.size() <= 200 && is_clean(event->detail), "its detail is one clean line");
  law(is_hex(event->nonce, 32), "and it has a nonce");
  HttpRequest again = request;
  again.body = json::serialize(json::object{{"event", event->name}, {"detail", event->detail}});
  law(parse_machine_event(again, event->lease_id).has_value(),
      "an event is accepted again when written");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static fuzz::ApiHarness harness(fuzz::make_lease);
  auto& bench = harness.bench();
  const std::string nonce = fuzz::nonce_of(bench);
  const std::size_t calls = bench.calls();
  std::string_view text = fuzz::text_of(data, size);
  const std::string_view what = fuzz::take_line(text);
  const std::string header(fuzz::take_line(text));
  const bool is_claim = what == "claim";
  const std::string target =
      is_claim ? "/v1/claims" : "/v1/leases/" + percent_encode(what) + "/events";
  const HttpRequest request = testing::post_as_machine(target, std::string(text), header);
  is_claim ? fuzz::check_claim(request) : fuzz::check_event(request);

  fuzz::answer_upstream(bench, is_claim);
  const HttpResponse answer = harness.ask(request);
  const bool says_jit = answer.body.find(fuzz::k_jit) != std::string::npos;
  fuzz::law(!says_jit || (is_claim && header == nonce && answer.status == 200),
            "a JIT config is given for a claim with the right nonce only");
  fuzz::law(header == nonce || bench.calls() == calls, "without the nonce nobody is asked");
  // What a machine gives away by itself is not ours to keep.
  const std::string_view input = fuzz::text_of(data, size);
  const bool is_given_away = what.find(nonce) != what.npos || text.find(nonce) != text.npos ||
                             input.find(fuzz::k_jit) != input.npos;
  harness.finish(is_given_away ? std::set<std::string>{}
                               : std::set<std::string>{nonce, fuzz::k_jit});
  return 0;
}
