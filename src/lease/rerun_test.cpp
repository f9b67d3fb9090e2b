#include "lease/rerun.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

RunFacts run_that(const std::string& conclusion, int attempt = 1) {
  RunFacts run;
  run.attempt = attempt;
  run.live = conclusion.empty();
  run.conclusion = conclusion;
  return run;
}

TEST_CASE("rerun: a run is run again when it has failed, and not while it goes on") {
  const Lease interrupted;
  CHECK(rerun_for(interrupted, run_that("failure")) == Rerun::ask);
  CHECK(rerun_for(interrupted, run_that("")) == Rerun::wait);
}

TEST_CASE("rerun: a run that waits for something before it ends is waited for") {
  RunFacts run = run_that("");
  run.live = false;
  CHECK(rerun_for({}, run) == Rerun::wait);
}

TEST_CASE("rerun: what somebody cancelled, or what passed all the same, is left alone") {
  for (const char* conclusion : {"success", "cancelled", "skipped", "action_required", "neutral"})
    CHECK(rerun_for({}, run_that(conclusion)) == Rerun::leave);
}

TEST_CASE("rerun: a later attempt is somebody's own") {
  CHECK(rerun_for({}, run_that("failure", 2)) == Rerun::leave);
  CHECK(rerun_for({}, run_that("", 2)) == Rerun::leave);
}

}  // namespace
}  // namespace mayfly
