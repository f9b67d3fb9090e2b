#pragma once

// The JSON that GitHub answers with: every field that its OpenAPI description requires, in the
// right type (tests/github_openapi holds the answers to it). Where a value has no meaning in the
// model it is made from the names, so that the same thing always looks the same.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "lab/github/github_world.h"

namespace mayfly::lab::rest {

namespace json = boost::json;

[[nodiscard]] json::object user_body(const GithubOptions& options, const std::string& login);
[[nodiscard]] std::int64_t repository_id(const std::string& name);
// As it stands inside a run, and alone.
[[nodiscard]] json::object repository_body(const GithubOptions& options, const std::string& name);
[[nodiscard]] json::object full_repository_body(const GithubOptions& options,
                                                const std::string& name);
[[nodiscard]] json::object run_body(const GithubOptions& options, const GithubRun& run,
                                    const RunOutcome& outcome);
[[nodiscard]] json::object job_body(const GithubOptions& options, const GithubRun& run,
                                    const GithubJob& job);
[[nodiscard]] json::object runner_body(const GithubRunner& runner, bool is_online);
[[nodiscard]] json::object download_body(const GithubDownload& download);
[[nodiscard]] json::object group_body(const GithubOptions& options, const GithubGroup& group);

[[nodiscard]] json::object pull_body(const GithubOptions& options, const GithubPulls& pulls,
                                     const GithubPull& pull);
[[nodiscard]] json::object review_body(const GithubOptions& options, const GithubPulls& pulls,
                                       const GithubPull& pull, const GithubReview& review);

[[nodiscard]] std::string_view status_name(JobState state);

// base64 of a JSON map from file name to base64 of its content, as the runner's --jitconfig takes
// it: .runner, .credentials, .credentials_rsaparams, each JSON on one line (facts.md A1). The
// stand-in for the runner finds serverUrl and agentId in the first, the secret in the second.
[[nodiscard]] std::string encode_jit_config(const GithubOptions& options,
                                            const GithubRunner& runner);

}  // namespace mayfly::lab::rest
