#pragma once

// The deliveries of a GitHub App's own webhook, as GitHub keeps them, and having one sent again:
// GithubClient::list_deliveries and redeliver. Only the App itself may ask (GithubClient::as_app);
// it needs no permission. Each attempt is an entry of its own; those of one delivery share a guid.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace mayfly::github {

// On the page that is read. What came before is not known.
inline constexpr std::size_t k_deliveries_max = 100;

struct Delivery {
  std::int64_t id = 0;  // of this attempt
  std::string guid;     // of the delivery
  WallTime delivered_at{};
  bool is_redelivery = false;
  // Of the answer; where there was none, GitHub has put 502 or 504 there, or 0.
  int status_code = 0;
  std::string event;   // "workflow_job"
  std::string action;  // "queued"; empty where the event has none
};

// Newest first, as GitHub lists them; one bad entry makes all github_bad_answer.
[[nodiscard]] Result<std::vector<Delivery>> parse_deliveries(std::string_view body);

}  // namespace mayfly::github
