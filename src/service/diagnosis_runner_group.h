#pragma once

// Whether the runner group that runners join lets in the configured repositories and no other:
// every repository that a group lets in can have a job taken by one of its runners. And how one is
// made.

#include <string>
#include <vector>

#include "config/config.h"
#include "github/client.h"
#include "service/diagnosis.h"

namespace mayfly {

// `repositories` are those selected, where the group's visibility is "selected".
[[nodiscard]] Finding judge_runner_group(const Config& config, const github::RunnerGroup& group,
                                         const std::vector<github::Repository>& repositories);
// Of a group that could not be read.
[[nodiscard]] Finding missing_runner_group(std::int64_t id, const Error& error);

// As Diagnosis::create_runner_group says. A group whose making got no answer is found by its name
// the next time.
[[nodiscard]] Result<github::RunnerGroup> make_runner_group(const Config& config,
                                                            github::GithubClient& github,
                                                            Clock& clock, const std::string& name);

}  // namespace mayfly
