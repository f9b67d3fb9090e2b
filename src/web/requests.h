#pragma once

// What callers may send, as values: the strict parsers of every body and parameter of the API.
// Unknown keys are refused, so that a slip does not pass in silence; sizes and counts are bounded.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/url.h"
#include "seam/http_message.h"
#include "service/asking.h"
#include "service/claims.h"

namespace mayfly {

inline constexpr std::size_t k_request_body_max = 4096;
inline constexpr std::string_view k_webhook_path = "/v1/webhooks/github";

struct SeedRelease {
  std::vector<std::string> labels;  // 1 to 16
};

// POST /, in all shapes that rr's workflow has used (facts.md 0):
//   {"operation":"create","architectures":["x86_64","arm64"],"label":"rr_runner_…"}
//   {"operation":"create","architecture":"x86_64","label":"…"}
//   {"operation":"destroy","label":"…"} and {"operation":"destroy","labels":["…"]}
[[nodiscard]] Result<std::variant<SeedAsk, SeedRelease>> parse_seed(const HttpRequest& request,
                                                                    const Config& config);

// POST /v1/leases: {"repository":"o/r","run_id":1,"run_attempt":1,
//                   "runners":[{"architecture":"x86_64","count":2}]}
[[nodiscard]] Result<RunnersAsk> parse_runners_ask(const HttpRequest& request,
                                                   const Config& config);
// POST /v1/claims, with the nonce in X-Mayfly-Claim.
[[nodiscard]] Result<Claim> parse_claim(const HttpRequest& request);
// POST /v1/leases/{id}/events, likewise.
[[nodiscard]] Result<MachineEvent> parse_machine_event(const HttpRequest& request,
                                                       const LeaseId& lease);

// POST /v1/webhooks/github: JSON of at most k_delivery_max bytes, with X-GitHub-Event
// and X-Hub-Signature-256. What it says is not looked at here.
struct Delivery {
  std::string event;
  std::string signature;
};
[[nodiscard]] Result<Delivery> parse_delivery(const HttpRequest& request);

// ?wait=online&timeout=<seconds, at most 120>: how long to wait. none: do not wait.
[[nodiscard]] Result<std::optional<Millis>> parse_wait(const Target& target);

}  // namespace mayfly
