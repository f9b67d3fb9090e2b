#include "service/breaker_notice.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

struct Bench : Service {
  Bench() {
    config.limits.launch_failures_max = 2;
    config.limits.launch_pause = Seconds{600};
  }
  void fail_one() {
    Lease lease;
    lease.id = LeaseId{"l-" + std::string(18, '0') + std::to_string(10 + ++failures)};
    Caps wide = config.limits;
    wide.launch_failures_max = 100;
    wide.machines = wide.machines_per_run = wide.machines_per_repository = 100;
    REQUIRE(ledger->reserve({lease}, {}, wide, clock.wall()));
    lease.state = LeaseState::ending;
    lease.outcome = Outcome::refused;
    lease.reason = "aws-config: no such image";
    lease.state_since = clock.wall();
    REQUIRE(ledger->update(lease, {}, std::nullopt));
  }
  // What is said at this look.
  std::string said() {
    const std::size_t before = log.lines.size();
    REQUIRE(notice_breaker(config, {clock, log, *ledger}));
    return log.lines.size() > before ? log.lines.back().event : "";
  }
  int failures = 0;
};

TEST_CASE("breaker notice: an opening is said once, with cause and end, and its end once") {
  Bench bench;
  bench.fail_one();
  CHECK(bench.said() == "");
  bench.fail_one();
  CHECK(bench.said() == "launch-breaker-opened");
  const auto& line = bench.log.lines.back();
  CHECK(line.level == LogLevel::error);
  CHECK(line.fields.at("cause") == "aws-config");
  CHECK(line.fields.at("until") == iso8601(bench.clock.wall() + Seconds{600}));
  CHECK(bench.said() == "");
  bench.clock.advance(Seconds{599});
  CHECK(bench.said() == "");
  bench.clock.advance(Seconds{1});
  CHECK(bench.said() == "launch-breaker-closed");
  CHECK(bench.said() == "");
}

TEST_CASE("breaker notice: failures that come during a pause prolong it without a word") {
  Bench bench;
  bench.fail_one();
  bench.fail_one();
  CHECK(bench.said() == "launch-breaker-opened");
  bench.clock.advance(Seconds{300});
  bench.fail_one();
  CHECK(bench.said() == "");
  bench.clock.advance(Seconds{599});
  CHECK(bench.said() == "");
  bench.clock.advance(Seconds{1});
  CHECK(bench.said() == "launch-breaker-closed");
}

TEST_CASE(
    "breaker notice: the next opening is said again, also where nobody saw the end of the last") {
  Bench bench;
  bench.fail_one();
  bench.fail_one();
  CHECK(bench.said() == "launch-breaker-opened");
  bench.clock.advance(Seconds{700});
  bench.fail_one();
  CHECK(bench.said() == "launch-breaker-opened");
}

}  // namespace
}  // namespace mayfly
