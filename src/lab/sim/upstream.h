#pragma once

// How the clouds word what goes wrong: the answers that a fault plan puts in place of the emulated
// clouds' own. Pure.

#include "lab/sim/faults.h"
#include "seam/http_message.h"

namespace mayfly::lab::sim {

// For kinds that have an answer: server_error, throttle, no_capacity, mismatch, expired, denied,
// GitHub's conflict. Sources: facts.md A1, A4, B3, B4; DynamoDB developer guide, "Error handling".
// `draw` varies what is worded in several ways.
[[nodiscard]] HttpResponse fault_answer(FaultKind kind, Edge edge, std::uint64_t draw);

}  // namespace mayfly::lab::sim
