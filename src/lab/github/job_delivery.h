#pragma once

// What GitHub delivers about a job to a webhook (facts.md A6), for whoever plays it. Of the body
// only what decides: its real ones are long, and tests/webhooks sends those. Pure.

#include <string>
#include <string_view>

#include "lab/github/github_world.h"

namespace mayfly::lab {

inline constexpr std::string_view k_delivery_path = "/v1/webhooks/github";

// "completed" of a job that is; "queued" of every other.
[[nodiscard]] JobDelivery job_delivery(const GithubJob& job, const RepositoryName& repository,
                                       std::string_view secret);

}  // namespace mayfly::lab
