// What a machine says of a job names a run and nothing more: GitHub's facts decide.

#include "service/exchange.h"

#include <doctest/doctest.h>

#include "base/digest.h"
#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

const std::string k_key(32, 'a');

struct SharedBench : Service {
  SharedBench() : lease(write(7, 0)) {}

  // A lease of the run with a runner online.
  Lease write(RunId run, int index) {
    Lease made;
    made.repository = config.repositories.front().name;
    LeaseKey key{made.repository, Architecture::x86_64, "", run, 2, index};
    key.source = Source::shared;
    made.id = lease_id_for(config.deployment, key);
    made.run_id = run;
    made.run_attempt = 2;
    made.source = Source::shared;
    made.label = RunnerLabels().shared_name(run, Architecture::x86_64);
    made.labels = RunnerLabels().of_shared_runner(made.label, Architecture::x86_64);
    made.state = LeaseState::online;
    made.runner_name = runner_name_for(config.deployment, made.id, 1, 1);
    made.claim_key_sha256 = sha256_hex(k_key);
    made.deadline = clock.wall() + Seconds{3600};
    return ledger->reserve({made}, {}, config.limits, clock.wall())->front().lease;
  }

  Lease now(const Lease& one) { return **ledger->find(one.id); }

  Result<JobVerdict> ask(const std::string& run, const std::string& key = k_key) {
    return claims.admit_job({lease.id, key, "job-found", run});
  }

  void github_shows(RunId run, const std::string& runner, const std::string& more = "") {
    github_wire.answer(200, github::run_json(run, more));
    github_wire.answer(200, R"({"total_count":1,"jobs":[{"id":1,"run_id":)" + std::to_string(run) +
                                R"(,"run_attempt":2,"name":"test","status":"in_progress",)" +
                                R"("labels":["mayfly"],"runner_name":")" + runner + R"("}]})");
  }

  Lease lease;
};

TEST_CASE("exchange: a job of another run begins where GitHub shows it on this runner") {
  SharedBench bench;
  const Lease other = bench.write(8, 0);
  bench.github_shows(8, bench.lease.runner_name);
  const auto verdict = bench.ask("8");
  REQUIRE(verdict);
  CHECK(verdict->is_admitted);
  CHECK(bench.now(bench.lease).run_id == 8);
  CHECK(bench.now(bench.lease).job_confirmed);
  CHECK(bench.now(bench.lease).actor == "ann");
  CHECK(bench.now(other).run_id == 7);
  CHECK_FALSE(bench.now(other).job_seen);
  // Told again, nothing changes and GitHub is not asked.
  const std::size_t calls = bench.calls();
  CHECK(bench.ask("8")->is_admitted);
  CHECK(bench.calls() == calls);
  CHECK(bench.now(other).run_id == 7);
}

TEST_CASE(
    "exchange: a lease that was given away follows the next job too, also one of its first run") {
  SharedBench bench;
  const Lease other = bench.write(8, 0);
  bench.github_shows(8, bench.lease.runner_name);
  REQUIRE(bench.ask("8")->is_admitted);
  REQUIRE(bench.now(other).run_id == 7);
  bench.clock.advance(Seconds{4});
  bench.github_shows(8, other.runner_name);
  const auto verdict = bench.claims.admit_job({other.id, k_key, "job-found", "8"});
  REQUIRE(verdict);
  CHECK(verdict->is_admitted);
  CHECK(bench.now(other).run_id == 8);
}

TEST_CASE("exchange: a job that GitHub shows on no runner, or on another, changes nothing") {
  SharedBench bench;
  const Lease other = bench.write(8, 0);
  bench.github_shows(8, "mf-ci-somebody");
  const auto verdict = bench.ask("8");
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().code == Code::claim_not_yet);
  CHECK(bench.now(bench.lease).run_id == 7);
  CHECK(bench.now(other).run_id == 8);
}

TEST_CASE("exchange: a run that the policy refuses, or that is over, gets no machine") {
  for (const bool is_over : {true, false}) {
    Config config = small_config();
    config.repositories.front().policy.denied_actors = {"ann"};
    SharedBench bench;
    bench.config = config;
    if (is_over) {
      std::string run = github::run_json(8);
      run.replace(run.find("in_progress"), 11, "completed");
      bench.github_wire.answer(200, run);
    } else {
      bench.github_shows(8, bench.lease.runner_name);
    }
    const auto verdict = bench.ask("8");
    REQUIRE(verdict);
    CHECK_FALSE(verdict->is_admitted);
    CHECK_FALSE(verdict->why.empty());
    CHECK(bench.now(bench.lease).run_id == 7);
  }
}

TEST_CASE("exchange: only the machine of the claim asks, for a number, and not without end") {
  SharedBench bench;
  CHECK(bench.ask("8", std::string(32, 'b')).error().code == Code::claim_refused);
  for (const char* bad : {"", "0", "-1", "8; rm", "99999999999999999999"})
    CHECK_MESSAGE(bench.ask(bad).error().code == Code::bad_field, bad);
  bench.github_wire.answer(404, "{}");
  for (int i = 0; i < 6; ++i) CHECK_FALSE(bench.ask("8")->is_admitted);
  CHECK(bench.ask("8").error().code == Code::claim_not_yet);
  CHECK(bench.calls() == 1);
}

TEST_CASE("exchange: a lease of one run alone, and one that has had its job, change no more") {
  for (const bool has_had : {true, false}) {
    SharedBench bench;
    Lease lease = bench.now(bench.lease);
    if (has_had)
      lease.job_seen = lease.job_confirmed = true;
    else
      lease.source = Source::v1;
    REQUIRE(bench.ledger->update(lease, {}, std::nullopt));
    const auto verdict = bench.ask("8");
    REQUIRE(verdict);
    CHECK_FALSE(verdict->is_admitted);
    CHECK(bench.calls() == 0);
  }
}

}  // namespace
}  // namespace mayfly
