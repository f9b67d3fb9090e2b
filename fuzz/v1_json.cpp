// POST /v1/leases: its body through the parser, and through the API to its answer.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "fuzz/api_laws.h"
#include "web/requests.h"

namespace mayfly::fuzz {
namespace {

std::string written(const RunnersAsk& ask) {
  json::array runners;
  for (const auto& [architecture, count] : ask.counts)
    runners.push_back(json::object{{"architecture", to_string(architecture)}, {"count", count}});
  json::object body{{"repository", ask.repository.text}, {"run_id", ask.run_id}};
  if (ask.run_attempt != 0) body["run_attempt"] = ask.run_attempt;
  body["runners"] = std::move(runners);
  return json::serialize(body);
}

void check_accepted(const RunnersAsk& ask, const Config& config) {
  law(parse_repository(ask.repository.text) == ask.repository, "a repository is owner/name");
  law(ask.run_id >= 1, "a run has a number from 1");
  law(ask.run_attempt >= 0 && ask.run_attempt <= 10'000, "an attempt has a number to 10000");
  law(!ask.counts.empty() && ask.counts.size() <= 8, "1 to 8 architectures");
  for (const auto& [architecture, count] : ask.counts) {
    law(count >= 1 && count <= 256, "1 to 256 runners of an architecture");
    law(!config.types_for(architecture).empty(), "only architectures that have a pool");
  }
  const std::string text = written(ask);
  const auto again = parse_runners_ask(testing::post("/v1/leases", text), config);
  law(again && written(*again) == text, "a request is accepted again when written", text);
}

void answer_upstream(ApiHarness::Bench& bench, const RunnersAsk& ask) {
  bench.github_wire.answer(200, github::run_json(ask.run_id));
  for (char digit = '0'; digit <= '9'; ++digit) bench.answer_with_machine(digit);
}

void check_leases(ApiHarness::Bench& bench, const Result<RunnersAsk>& ask) {
  const auto leases = *bench.ledger->recent(1000);
  law(leases.size() <= 2 * static_cast<std::size_t>(bench.config.limits.machines_per_run),
      "no request makes more leases than a run may have of both architectures");
  for (const Lease& lease : leases) {
    law(ask && lease.run_id == ask->run_id, "leases are of the run that was asked for");
    law(bench.config.find_repository(lease.repository) != nullptr, "and of a repository served");
    law(lease.label == RunnerLabels().derived(lease.run_id, lease.index, lease.architecture),
        "a label is derived, never taken from the caller", lease.label);
    law(is_clean(lease.reason), "a lease's reason is clean", lease.reason);
  }
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static fuzz::ApiHarness harness;
  auto& bench = harness.bench();
  const HttpRequest request = testing::post("/v1/leases", std::string(fuzz::text_of(data, size)));
  const auto ask = parse_runners_ask(request, bench.config);
  if (ask) {
    fuzz::check_accepted(*ask, bench.config);
    fuzz::answer_upstream(bench, *ask);
  } else {
    fuzz::check_error(ask.error());
  }
  const HttpResponse answer = harness.ask(request);
  fuzz::law(ask || answer.status == info(ask.error().code).http_status,
            "what does not parse is answered with the parser's refusal");
  fuzz::law(ask || bench.calls() == 0, "what does not parse asks nobody");
  fuzz::check_leases(bench, ask);
  harness.finish();
  return 0;
}
