// The seed's requests, POST /: its body through the parser, and through the API to its answer.

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "fuzz/api_laws.h"
#include "web/requests.h"

namespace mayfly::fuzz {
namespace {

using Parsed = std::variant<SeedAsk, SeedRelease>;

std::string written(const Parsed& parsed) {
  json::object body;
  if (const auto* ask = std::get_if<SeedAsk>(&parsed)) {
    body["operation"] = "create";
    body["label"] = ask->label;
    json::array names;
    for (const Architecture one : ask->architectures) names.emplace_back(to_string(one));
    body["architectures"] = std::move(names);
  } else {
    body["operation"] = "destroy";
    json::array labels;
    for (const std::string& label : std::get<SeedRelease>(parsed).labels)
      labels.emplace_back(label);
    body["labels"] = std::move(labels);
  }
  return json::serialize(body);
}

bool has_duplicates(const auto& list) {
  return std::set(list.begin(), list.end()).size() != list.size();
}

void check_accepted(const Parsed& parsed, const Config& config) {
  if (const auto* ask = std::get_if<SeedAsk>(&parsed)) {
    law(!ask->architectures.empty() && ask->architectures.size() <= 8, "1 to 8 architectures");
    law(!has_duplicates(ask->architectures), "no architecture twice");
    for (const Architecture one : ask->architectures)
      law(!config.types_for(one).empty(), "only architectures that have a pool");
  } else {
    const auto& labels = std::get<SeedRelease>(parsed).labels;
    law(!labels.empty() && labels.size() <= 16, "1 to 16 labels");
    law(!has_duplicates(labels), "no label twice");
  }
  const std::string text = written(parsed);
  // Escaping may lengthen it beyond the limit.
  if (text.size() > k_request_body_max) return;
  const auto again = parse_seed(testing::post("/", text), config);
  law(again && written(*again) == text, "a request is accepted again when written", text);
}

void check_leases(ApiHarness::Bench& bench) {
  const std::vector<Lease> leases = *bench.ledger->recent(1000);
  for (const Lease& lease : leases) {
    law(bench.config.find_repository(lease.repository) != nullptr,
        "leases are of a repository served");
    law(lease.source == Source::seed && lease.label.starts_with("rr_runner_") &&
            lease.label.size() <= 100,
        "a seed lease has a label of the allowed form", lease.label);
    law(is_clean(lease.reason), "a lease's reason is clean", lease.reason);
  }
  law(leases.size() <= 2, "one seed request makes one lease for each architecture at most");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static fuzz::ApiHarness harness;
  auto& bench = harness.bench();
  const HttpRequest request = testing::post("/", std::string(fuzz::text_of(data, size)));
  const auto parsed = parse_seed(request, bench.config);
  if (parsed) {
    fuzz::check_accepted(*parsed, bench.config);
    bench.answer_with_live_run(42);
    bench.answer_with_machine('0');
    bench.answer_with_machine('1');
  } else {
    fuzz::check_error(parsed.error());
  }
  const HttpResponse answer = harness.ask(request);
  fuzz::law(parsed || answer.status == info(parsed.error().code).http_status,
            "what does not parse is answered with the parser's refusal");
  fuzz::law(parsed || bench.calls() == 0, "what does not parse asks nobody");
  fuzz::check_leases(bench);
  harness.finish();
  return 0;
}
