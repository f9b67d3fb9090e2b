#include <doctest/doctest.h>

#include "lab/github/testing.h"

namespace mayfly::lab {
namespace {

std::vector<std::string> names(const std::vector<GithubJob>& jobs) {
  std::vector<std::string> out;
  for (const GithubJob& job : jobs) out.push_back(job.spec.name);
  return out;
}

using Names = std::vector<std::string>;

TEST_CASE("fake github: a job is not there before what it needs has ended") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  CHECK(names(bench.github.jobs(run)) == Names{"setup"});
  CHECK(bench.github.outcome(run).state == JobState::queued);

  const JobId setup = bench.job(run, "setup").id;
  CHECK(bench.github.begin_job(setup));
  CHECK(bench.github.outcome(run).state == JobState::in_progress);
  CHECK(names(bench.github.jobs(run)) == Names{"setup"});
  CHECK(bench.github.complete_job(setup, "success"));
  CHECK(names(bench.github.jobs(run)) == Names{"setup", "test"});
  CHECK(bench.job(run, "test").state == JobState::queued);
  CHECK(bench.github.outcome(run).state == JobState::in_progress);
}

TEST_CASE("fake github: a failed need skips a job, but not one that always runs") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  bench.play_hosted(run, "setup", "failure");
  CHECK(bench.job(run, "test").conclusion == "skipped");
  CHECK(bench.job(run, "stop").state == JobState::queued);
  bench.play_hosted(run, "stop");
  CHECK(bench.github.outcome(run).state == JobState::completed);
  CHECK(bench.github.outcome(run).conclusion == "failure");
}

TEST_CASE(
    "fake github: a cancelled run ends its jobs, takes its runner away, and still cleans up") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  bench.play_hosted(run, "setup");
  const RunnerId runner = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  const std::string session = bench.connect(runner);
  CHECK(bench.poll(session) == 200);
  CHECK(bench.report(session, bench.job(run, "test").id, "started") == 200);

  CHECK(bench.github.cancel_run(run));
  CHECK(bench.job(run, "test").conclusion == "cancelled");
  CHECK(bench.poll(session) == 410);
  CHECK(bench.github.outcome(run).state == JobState::in_progress);
  bench.play_hosted(run, "stop");
  CHECK(bench.github.outcome(run).conclusion == "cancelled");
  CHECK(bench.github.cancel_run(run).error().code == Code::github_conflict);
}

TEST_CASE("fake github: a cancelled run queues nothing new, even behind a job that succeeded") {
  GithubBench bench;
  RunSpec spec;
  spec.repository = {"octo/repo"};
  spec.jobs = {{.name = "first", .hosted = true, .always = true},
               {.name = "second", .needs = {"first"}, .hosted = true}};
  const RunId run = bench.github.start_run(spec);
  CHECK(bench.github.cancel_run(run));
  bench.play_hosted(run, "first");
  CHECK(bench.job(run, "second").conclusion == "cancelled");
}

TEST_CASE("fake github: a re-run of what failed copies the rest and runs its dependents again") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  CHECK(bench.github.rerun(run, Rerun::all).error().code == Code::github_conflict);
  bench.play_hosted(run, "setup");
  const RunnerId runner = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  const std::string session = bench.connect(runner);
  CHECK(bench.poll(session) == 200);
  const JobId first = bench.job(run, "test").id;
  CHECK(bench.report(session, first, "started") == 200);
  CHECK(bench.github.complete_job(first, "failure"));
  bench.play_hosted(run, "stop");

  CHECK(bench.github.rerun(run, Rerun::failed).value() == 2);
  CHECK(names(bench.github.jobs(run)) == Names{"setup", "test"});
  CHECK(bench.job(run, "setup").state == JobState::completed);
  CHECK(bench.job(run, "test").state == JobState::queued);
  CHECK(bench.job(run, "test").id != first);
  CHECK_FALSE(bench.job(run, "test").runner_id);
  const auto before = bench.body(
      bench.get("/repos/octo/repo/actions/runs/" + std::to_string(run) + "/attempts/1/jobs"));
  CHECK(json_int(before, "total_count") == 3);
}

TEST_CASE("fake github: a re-run of all begins from nothing") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  bench.play_hosted(run, "setup", "failure");
  bench.play_hosted(run, "stop");
  CHECK(bench.github.rerun(run, Rerun::all).value() == 2);
  CHECK(names(bench.github.jobs(run)) == Names{"setup"});
  CHECK(bench.github.outcome(run).state == JobState::queued);
}

TEST_CASE("fake github: only a queued hosted job can be begun, only a running one completed") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  const JobId setup = bench.job(run, "setup").id;
  CHECK_FALSE(bench.github.complete_job(setup, "success"));
  CHECK(bench.github.begin_job(setup));
  CHECK_FALSE(bench.github.begin_job(setup));
  CHECK(bench.github.complete_job(setup, "success"));
  CHECK_FALSE(bench.github.complete_job(setup, "failure"));
  CHECK_FALSE(bench.github.begin_job(bench.job(run, "test").id));
  CHECK(bench.github.begin_job(7).error().code == Code::github_not_found);
}

TEST_CASE("fake github: a job that is queued for a day is cancelled") {
  GithubBench bench;
  const RunId run = bench.github.start_run(rr_run());
  bench.play_hosted(run, "setup");
  bench.clock.advance(std::chrono::hours{24} - Millis{1});
  CHECK(bench.job(run, "test").state == JobState::queued);
  bench.clock.advance(Millis{1});
  CHECK(bench.job(run, "test").conclusion == "cancelled");
}

}  // namespace
}  // namespace mayfly::lab
