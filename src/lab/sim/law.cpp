#include "lab/sim/law.h"

#include <algorithm>

#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::size_t k_violations_max = 10;

}  // namespace

void Law::expect(bool holds, SimWorld& world, const std::string& what) {
  ++checks_;
  if (!holds) broken(world, what);
}

void Law::broken(SimWorld& world, std::string what) {
  const bool is_known = std::any_of(violations_.begin(), violations_.end(),
                                    [&](const Violation& one) { return one.what == what; });
  if (is_known || violations_.size() >= k_violations_max) return;
  violations_.push_back({std::string(name()), std::move(what), world.now()});
}

std::vector<std::unique_ptr<Law>> all_laws() {
  const auto books = std::make_shared<Books>();
  std::vector<std::unique_ptr<Law>> laws;
  for (const auto make :
       {make_deadline_law, make_one_machine_law, make_caps_law,     make_intent_law,
        make_entitled_law, make_needed_law,      make_money_law,    make_worthless_law,
        make_claim_law,    make_secrets_law,     make_answers_law,  make_recorded_law,
        make_terminal_law, make_reason_law,      make_waiting_law,  make_unknown_law,
        make_policy_law,   make_budget_law,      make_liveness_law, make_launches_law,
        make_capacity_law, make_rerun_law,       make_cancel_law})
    laws.push_back(make(books));
  return laws;
}

}  // namespace mayfly::lab::sim
