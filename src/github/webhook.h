#pragma once

// A webhook delivery (facts.md A6), from bytes to what it says of a job. Whoever holds the secret
// signed it; GitHub promises no order, sends nothing again by itself, and may send twice, so what
// it says is only a reason to look. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"

namespace mayfly::github {

// Longer ones are refused. Those of workflow_job have some 10 to 100 KB; GitHub's own cap is 25 MB.
inline constexpr std::size_t k_delivery_bytes_max = 1024 * 1024;

// What GitHub puts into X-Hub-Signature-256 of a delivery: "sha256=" and the HMAC-SHA-256 of the
// raw body in hex.
[[nodiscard]] std::string delivery_signature(std::string_view secret, std::string_view body);
// Whether signature, the header X-Hub-Signature-256, is "sha256=" and the HMAC-SHA-256 of the raw
// body in hex. In constant time; never with an empty secret.
[[nodiscard]] bool is_signed_with(const Secret& secret, std::string_view body,
                                  std::string_view signature);

struct JobEvent {
  std::string action;  // "queued", "in_progress", "completed", "waiting", or a new one
  RepositoryName repository;
  RunId run_id = 0;
  int run_attempt = 1;
  std::vector<std::string> labels;  // without those that GitHub gives as null
};

// Of an event workflow_job. Lenient: only action, repository.full_name, and the run's id and labels
// must be there. bad_json, or bad_field naming what is missing.
[[nodiscard]] Result<JobEvent> parse_job_event(std::string_view body);

}  // namespace mayfly::github
