#include "lease/places.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;

RunFacts attempt(int number) {
  RunFacts run;
  run.id = 42;
  run.attempt = number;
  run.live = true;
  run.repository = RepositoryName{"rr-debugger/rr"};
  return run;
}

JobFacts queued(std::vector<std::string> labels) { return {std::move(labels), false, "", true}; }

Lease of_attempt(int number, LeaseState state = LeaseState::gone) {
  Lease lease = lease_in(state);
  lease.run_attempt = number;
  return lease;
}

Lease bare(int number, RunId run = 42) {
  Lease lease = of_attempt(number);
  lease.source = Source::seed;
  lease.run_id = run;
  lease.label = "rr_runner_a";
  lease.labels = {lease.label, "arch_x86_64"};
  return lease;
}

const RunnerLabels k_ours;
const std::string k_label = "mayfly-42-x86_64";

TEST_CASE("places: the labels of queued jobs are named once each, and not without end") {
  std::vector<JobFacts> jobs = {queued({"a", "b"}), queued({"b"}), {{"c"}, false, "r", false}};
  CHECK(labels_of_queued(jobs) == std::vector<std::string>{"a", "b"});
  for (int i = 0; i < 200; ++i) jobs.push_back(queued({std::to_string(i)}));
  CHECK(labels_of_queued(jobs).size() == k_labels_looked_at);
}

TEST_CASE("places: only an earlier attempt of the same run makes a re-run") {
  CHECK_FALSE(derived_place(k_ours, k_label, attempt(1), {})->was_served);
  CHECK_FALSE(derived_place(k_ours, k_label, attempt(1), {of_attempt(1)})->was_served);
  CHECK(derived_place(k_ours, k_label, attempt(2), {of_attempt(1)})->was_served);
  CHECK_FALSE(derived_place(k_ours, "mayfly-43-x86_64", attempt(2), {of_attempt(1)}));
}

TEST_CASE("places: a bare label's run is a guess until GitHub has shown it") {
  Lease known = bare(1);
  CHECK(bare_places(known.label, attempt(2), {known}).size() == 1);
  CHECK(bare_places(known.label, attempt(1), {known}).empty());
  known = bare(1, 41);
  known.job_confirmed = false;
  CHECK(bare_places(known.label, attempt(2), {known}).size() == 1);
  CHECK(bare_places(known.label, attempt(1), {known}).empty());
  known.run_confirmed = true;
  CHECK(bare_places(known.label, attempt(2), {known}).empty());
}

TEST_CASE("places: each queued job lacks a lease that is not on its way yet") {
  const Place place{Source::v1, Architecture::x86_64, 0, k_label};
  const auto lack = [&](const std::vector<JobFacts>& jobs, const std::vector<Lease>& known) {
    return lacking(k_ours, place, attempt(2), jobs, known);
  };
  const JobFacts one = queued({k_label});
  CHECK(lack({}, {}) == 0);
  CHECK(lack({one, one}, {}) == 2);
  CHECK(lack({one, one}, {of_attempt(2, LeaseState::booting)}) == 1);
  CHECK(lack({one}, {of_attempt(1)}) == 1);
  CHECK(lack({queued({k_label, "gpu"})}, {}) == 0);
  CHECK(lack({queued({k_label, "arch_arm64"})}, {}) == 0);
  CHECK(lack({{{k_label}, false, "mf-runner", false}}, {}) == 0);
}

TEST_CASE("places: a job whose lease failed gets no other in its attempt") {
  const Place place{Source::v1, Architecture::x86_64, 0, k_label};
  const auto lack = [&](const std::vector<JobFacts>& jobs, const std::vector<Lease>& known) {
    return lacking(k_ours, place, attempt(2), jobs, known);
  };
  const JobFacts one = queued({k_label});
  CHECK(lack({one}, {of_attempt(2)}) == 0);
  CHECK(lack({one, {{k_label}, true, "mf-runner", false}}, {of_attempt(2)}) == 1);
  // One that was cancelled before any runner had it is no reason for a lease.
  CHECK(lack({one, {{k_label}, true, "", false}}, {of_attempt(2)}) == 0);
}

TEST_CASE("places: a bare label whose machine is on its way for whomever lacks nothing") {
  const Place place{Source::seed, Architecture::x86_64, 0, "rr_runner_a", true};
  const JobFacts one = queued({"rr_runner_a", "arch_x86_64"});
  Lease coming = bare(1, 41);
  coming.state = LeaseState::booting;
  coming.job_seen = coming.job_confirmed = false;
  CHECK(lacking(k_ours, place, attempt(2), {one}, {coming}) == 0);
  coming.run_confirmed = true;
  CHECK(lacking(k_ours, place, attempt(2), {one}, {coming}) == 1);
}

TEST_CASE("places: a bare label has one lease in an attempt, and one of its own in each") {
  const Place place{Source::seed, Architecture::x86_64, 0, "rr_runner_a", true};
  const JobFacts one = queued({"rr_runner_a", "arch_x86_64"});
  CHECK(lacking(k_ours, place, attempt(2), {one, one}, {bare(1)}) == 1);
  CHECK(lacking(k_ours, place, attempt(2), {one, one}, {bare(2), bare(1)}) == 0);
  const auto id = [&](int number) {
    return lease_id_for("test", key_of(attempt(1).repository, attempt(number), place));
  };
  const LeaseKey first{attempt(1).repository, Architecture::x86_64, "rr_runner_a"};
  CHECK(id(2) != id(3));
  CHECK(id(2) != lease_id_for("test", first));
}

}  // namespace
}  // namespace mayfly
