#pragma once

// The laws, one for each promise; law.h says what a law is. Each shares the books of its simulation
// and is otherwise on its own.

#include <memory>

#include "lab/sim/books.h"
#include "lab/sim/law.h"

namespace mayfly::lab::sim {

using SharedBooks = std::shared_ptr<Books>;

// laws_machines.cpp
[[nodiscard]] std::unique_ptr<Law> make_deadline_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_one_machine_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_caps_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_intent_law(SharedBooks books);
// laws_need.cpp
[[nodiscard]] std::unique_ptr<Law> make_entitled_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_needed_law(SharedBooks books);
// laws_money.cpp
[[nodiscard]] std::unique_ptr<Law> make_money_law(SharedBooks books);
// laws_worth.cpp
[[nodiscard]] std::unique_ptr<Law> make_worthless_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_claim_law(SharedBooks books);
// laws_secrets.cpp
[[nodiscard]] std::unique_ptr<Law> make_secrets_law(SharedBooks books);
// laws_answers.cpp
[[nodiscard]] std::unique_ptr<Law> make_answers_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_recorded_law(SharedBooks books);
// laws_records.cpp
[[nodiscard]] std::unique_ptr<Law> make_terminal_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_reason_law(SharedBooks books);
[[nodiscard]] std::unique_ptr<Law> make_waiting_law(SharedBooks books);
// laws_strangers.cpp
[[nodiscard]] std::unique_ptr<Law> make_unknown_law(SharedBooks books);
// laws_policy.cpp
[[nodiscard]] std::unique_ptr<Law> make_policy_law(SharedBooks books);
// laws_budget.cpp
[[nodiscard]] std::unique_ptr<Law> make_budget_law(SharedBooks books);
// laws_launches.cpp
[[nodiscard]] std::unique_ptr<Law> make_launches_law(SharedBooks books);
// laws_capacity.cpp
[[nodiscard]] std::unique_ptr<Law> make_capacity_law(SharedBooks books);
// laws_rerun.cpp
[[nodiscard]] std::unique_ptr<Law> make_rerun_law(SharedBooks books);
// laws_cancel.cpp
[[nodiscard]] std::unique_ptr<Law> make_cancel_law(SharedBooks books);
// laws_liveness.cpp
[[nodiscard]] std::unique_ptr<Law> make_liveness_law(SharedBooks books);

}  // namespace mayfly::lab::sim
