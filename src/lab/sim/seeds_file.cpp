#include "lab/sim/seeds_file.h"

#include "base/text.h"
#include "lab/sim/shrink.h"

namespace mayfly::lab::sim {
namespace {

Result<SimPlan> parse_line(std::string_view line) {
  const std::vector<std::string> parts = split(line, '|');
  if (parts.size() != 4) return fail(Code::bad_field, "not SCENARIO | SEED | FAULTS | WHAT IT WAS");
  SimPlan plan;
  plan.scenario = std::string(trim(parts[0]));
  if (!find_scenario(plan.scenario))
    return fail(Code::bad_field, "there is no scenario \"" + printable(plan.scenario, 40) + "\"");
  const auto seed = parse_int(trim(parts[1]));
  if (!seed) return fail(Code::bad_field, "no seed: " + printable(parts[1], 40));
  plan.seed = static_cast<std::uint64_t>(*seed);
  const std::string_view faults = trim(parts[2]);
  if (faults != "-") {
    TRY_ASSIGN(plan.exactly, parse_faults(faults));
  }
  if (trim(parts[3]).empty()) return fail(Code::bad_field, "it does not say what it was");
  return plan;
}

}  // namespace

Result<std::vector<Injection>> parse_faults(std::string_view text) {
  if (text == k_no_faults) return std::vector<Injection>{};
  if (trim(text).empty()) return fail(Code::bad_field, "no faults: write \"none\"");
  return parse_injections(text);
}

Result<std::vector<SimPlan>> parse_seeds(std::string_view text) {
  std::vector<SimPlan> plans;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty() || line[0] == '#') continue;
    auto plan = parse_line(line);
    if (!plan) return fail_while("line " + std::to_string(number), std::move(plan).error());
    plans.push_back(std::move(*plan));
  }
  return plans;
}

}  // namespace mayfly::lab::sim
