#include "lease/breaker.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

constexpr Millis k_pause = Seconds{900};
constexpr LaunchOutcome k_up{Verdict::came_up};
constexpr LaunchOutcome k_boot{Verdict::failed, Code::boot_failed};
constexpr LaunchOutcome k_config{Verdict::failed, Code::aws_config};

// The last of them now, each a minute after the one before.
std::optional<LaunchPause> after(const std::vector<LaunchOutcome>& oldest_first,
                                 Millis later = {}) {
  std::vector<SettledLaunch> newest_first;
  WallTime at = k_start;
  for (auto one = oldest_first.rbegin(); one != oldest_first.rend(); ++one, at -= Seconds{60})
    newest_first.push_back({at, *one});
  return find_pause(newest_first, 3, k_pause, k_start + later);
}

TEST_CASE(
    "breaker: so many failures in a row for one cause open it, until a pause after the newest") {
  const auto pause = after({k_up, k_config, k_config, k_config});
  REQUIRE(pause);
  CHECK(pause->cause == Code::aws_config);
  CHECK(pause->failures == 3);
  CHECK(pause->since == k_start);
  CHECK(pause->until == k_start + k_pause);
  CHECK(after({k_config, k_config, k_config}, k_pause - Millis{1}));
  CHECK_FALSE(after({k_config, k_config, k_config}, k_pause));
}

TEST_CASE("breaker: fewer failures, another cause among them or a runner since keep it closed") {
  CHECK_FALSE(after({}));
  CHECK_FALSE(after({k_config, k_config}));
  CHECK_FALSE(after({k_config, k_boot, k_config}));
  CHECK_FALSE(after({k_config, k_config, k_boot}));
  CHECK_FALSE(after({k_config, k_config, k_config, k_up}));
  CHECK_FALSE(after({k_config, k_up, k_config, k_config}));
  CHECK(after({k_up, k_boot, k_config, k_config, k_config}));
}

std::string outcome(const Lease& lease) {
  const auto known = outcome_of_launch(lease);
  if (!known) return "open";
  if (known->verdict != Verdict::failed) return std::string(to_string(known->verdict));
  return "failed for " + std::string(info(known->cause).name);
}

TEST_CASE("breaker: a launch is open until its runner is online") {
  for (const LeaseState state : {launching, booting, claimed})
    CHECK(outcome(lease_in(state)) == "open");
  for (const LeaseState state : {online, busy}) CHECK(outcome(lease_in(state)) == "came-up");
}

TEST_CASE(
    "breaker: a machine that is given up before its runner came failed, unless spot took it") {
  for (const bool is_last : {false, true}) {
    Decision decision{lease_in(booting), false, {}, {}};
    SweepPolicy policy;
    if (is_last) policy.boots_max = 1;
    relaunch(decision, k_start, policy, k_too_late);
    CHECK(decision.next.state == (is_last ? ending : launching));
    CHECK(outcome(decision.next) == "failed for boot-failed");
    decision.next.reason = "Server.SpotInstanceTermination: no room";
    CHECK(outcome(decision.next) == "other");
  }
}

TEST_CASE(
    "breaker: a launch without capacity gave no machine; one without an answer proves nothing") {
  Lease lease = lease_in(launching);
  lease.launch.pending = false;
  CHECK(outcome(lease) == "no-machine");
  lease.state = ending;
  lease.outcome = Outcome::no_capacity;
  CHECK(outcome(lease) == "no-machine");
  lease.outcome = Outcome::boot_failed;  // no answer to the launch ever came
  CHECK(outcome(lease) == "other");
}

TEST_CASE("breaker: a refusal counts by its own name, whoever refused") {
  Lease lease = lease_in(launching);
  lease.state = ending;
  lease.outcome = Outcome::refused;
  for (const Code code : {Code::aws_denied, Code::aws_quota, Code::github_refused}) {
    lease.reason = std::string(info(code).name) + ": said so";
    CHECK(outcome(lease) == "failed for " + std::string(info(code).name));
  }
}

TEST_CASE("breaker: a job that was done had a runner; a run that was over proves nothing") {
  Lease lease = lease_in(ending);
  for (const Outcome done : {Outcome::job_done, Outcome::idle, Outcome::interrupted}) {
    lease.outcome = done;
    CHECK(outcome(lease) == "came-up");
  }
  for (const Outcome done : {Outcome::run_over, Outcome::deadline, Outcome::released}) {
    lease.outcome = done;
    CHECK(outcome(lease) == "other");
  }
}

TEST_CASE("breaker: every verdict survives being written as text") {
  for (int i = 0; i < 4; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    CHECK(parse_verdict(to_string(verdict)) == verdict);
  }
  CHECK_FALSE(parse_verdict("Failed"));
}

}  // namespace
}  // namespace mayfly
