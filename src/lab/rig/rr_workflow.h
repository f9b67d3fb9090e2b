#pragma once

// rr's workflow on the emulated GitHub, and the requests its jobs make (facts.md 0): a hosted setup
// job asks for runners, one test job per architecture runs on them, and a hosted stop job always
// comes last. Hosted jobs are played by hand.

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "base/json.h"
#include "lab/github/fake_github.h"

namespace mayfly::lab {

struct RrLabels {
  std::string x86_64;
  std::string arm64;
};

// The present shape has one label for both architectures, that of 2024 had one each.
[[nodiscard]] RunSpec rr_workflow(const RrLabels& labels, Millis test_duration = Seconds{300});
// The same, for labels that are derived from the run's id, which is not known before.
RunId start_v1_run(FakeGithub& github, Millis test_duration = Seconds{300});

[[nodiscard]] std::optional<GithubJob> job_named(FakeGithub& github, RunId run,
                                                 const std::string& name);
// The conclusion, or the state in brackets while there is none.
[[nodiscard]] std::string conclusion_of(FakeGithub& github, RunId run, const std::string& name);
void begin_hosted(FakeGithub& github, RunId run, const std::string& name);
void finish_hosted(FakeGithub& github, RunId run, const std::string& name,
                   const std::string& conclusion = "success");

[[nodiscard]] json::object seed_create(const std::string& label);
[[nodiscard]] json::object seed_create_2024(const std::string& label,
                                            const std::string& architecture);
[[nodiscard]] json::object seed_destroy(const std::string& label);
[[nodiscard]] json::object seed_destroy_2024(const RrLabels& labels);
// One runner of each architecture.
[[nodiscard]] json::object v1_ask(RunId run);

}  // namespace mayfly::lab
