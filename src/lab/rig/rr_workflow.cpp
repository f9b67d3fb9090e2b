#include "lab/rig/rr_workflow.h"

#include <boost/json/array.hpp>

#include "base/result.h"
#include "lease/label.h"

namespace mayfly::lab {
namespace {

constexpr const char* k_repository = "rr-debugger/rr";

}  // namespace

RunSpec rr_workflow(const RrLabels& labels, Millis test_duration) {
  RunSpec spec;
  spec.repository = {k_repository};
  spec.head_repository = "contributor/rr";
  spec.jobs = {{.name = "setup", .labels = {"ubuntu-latest"}, .hosted = true},
               {.name = "test-x86_64",
                .labels = {labels.x86_64, "arch_x86_64"},
                .needs = {"setup"},
                .duration = test_duration},
               {.name = "test-arm64",
                .labels = {labels.arm64, "arch_arm64"},
                .needs = {"setup"},
                .duration = test_duration},
               {.name = "stop",
                .labels = {"ubuntu-latest"},
                .needs = {"setup", "test-x86_64", "test-arm64"},
                .hosted = true,
                .always = true}};
  return spec;
}

// Ids are handed out in order, so the next one can be told by starting a run and cancelling it.
RunId start_v1_run(FakeGithub& github, Millis test_duration) {
  const RunId before = github.start_run(rr_workflow({"none", "none"}));
  MAYFLY_CHECK(github.cancel_run(before).has_value());
  finish_hosted(github, before, "stop");
  const RunId next = before + 1;
  const RrLabels labels{RunnerLabels().derived(next, 0, Architecture::x86_64),
                        RunnerLabels().derived(next, 0, Architecture::arm64)};
  MAYFLY_CHECK(github.start_run(rr_workflow(labels, test_duration)) == next);
  return next;
}

std::optional<GithubJob> job_named(FakeGithub& github, RunId run, const std::string& name) {
  for (const GithubJob& job : github.jobs(run))
    if (job.spec.name == name) return job;
  return std::nullopt;
}

std::string conclusion_of(FakeGithub& github, RunId run, const std::string& name) {
  const auto job = job_named(github, run, name);
  if (!job) return "(hidden)";
  if (job->state == JobState::queued) return "(queued)";
  if (job->state == JobState::in_progress) return "(in progress)";
  return job->conclusion;
}

void begin_hosted(FakeGithub& github, RunId run, const std::string& name) {
  const auto job = job_named(github, run, name);
  MAYFLY_CHECK(job.has_value());
  MAYFLY_CHECK(github.begin_job(job->id).has_value());
}

void finish_hosted(FakeGithub& github, RunId run, const std::string& name,
                   const std::string& conclusion) {
  const auto job = job_named(github, run, name);
  MAYFLY_CHECK(job.has_value());
  if (job->state == JobState::queued) begin_hosted(github, run, name);
  MAYFLY_CHECK(github.complete_job(job->id, conclusion).has_value());
}

json::object seed_create(const std::string& label) {
  return {
      {"operation", "create"}, {"architectures", json::array{"x86_64", "arm64"}}, {"label", label}};
}

json::object seed_create_2024(const std::string& label, const std::string& architecture) {
  return {{"operation", "create"}, {"architecture", architecture}, {"label", label}};
}

json::object seed_destroy(const std::string& label) {
  return {{"operation", "destroy"}, {"label", label}};
}

json::object seed_destroy_2024(const RrLabels& labels) {
  return {{"operation", "destroy"},
          {"labels", json::array{json::value(labels.x86_64), json::value(labels.arm64)}}};
}

json::object v1_ask(RunId run) {
  return {{"repository", k_repository},
          {"run_id", run},
          {"runners", json::array{json::object{{"architecture", "x86_64"}},
                                  json::object{{"architecture", "arm64"}}}}};
}

}  // namespace mayfly::lab
