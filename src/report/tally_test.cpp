#include "report/tally.h"

#include <doctest/doctest.h>

#include "ledger/sqlite_ledger.h"
#include "ledger/testing.h"
#include "report/testing.h"

namespace mayfly::report {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::numbered;
using mayfly::testing::wide_caps;

struct TallyBench {
  std::unique_ptr<Ledger> behind = SqliteLedger::open(":memory:").value();
  Tally tally;
  std::vector<std::string> told;
  CountingLedger ledger{
      *behind, tally, [this](const Lease& which, const Journey& journey) {
        told.push_back(which.id.text + " " + std::to_string(journey.runner->count()));
      }};
  Lease lease = numbered(1);

  LeaseEvent stamp(int seconds, const std::string& name) const {
    return {lease.id, k_noon + Seconds{seconds}, name, ""};
  }
  void begin() {
    lease = ledger
                .reserve({lease}, {stamp(0, "asked"), stamp(1, "launching"), stamp(3, "booting")},
                         wide_caps(), k_noon)
                .value()[0]
                .lease;
  }
  void update(const std::vector<LeaseEvent>& events) {
    lease = ledger.update(lease, events, std::nullopt).value();
  }
};

TEST_CASE("tally: what is written is counted once, and what is refused is not") {
  TallyBench bench;
  bench.begin();
  (void)bench.ledger.reserve({bench.lease}, {bench.stamp(0, "asked")}, wide_caps(), k_noon);
  Lease stale = bench.lease;
  bench.update({bench.stamp(4, "claimed")});
  CHECK_FALSE(bench.ledger.update(stale, {bench.stamp(5, "claimed")}, std::nullopt));
  REQUIRE(bench.ledger.append(bench.stamp(5, "machine-failed")));
  for (const char* name : {"pools-widened", "interruption-announced", "run-cancelled"})
    REQUIRE(bench.ledger.append(bench.stamp(5, name)));
  REQUIRE(bench.ledger.append(bench.stamp(5, "never heard of")));
  const Tallied got = bench.tally.get();
  CHECK(got.events.at("asked") == 1);
  CHECK(got.events.at("claimed") == 1);
  CHECK(got.events.at("machine-failed") == 1);
  CHECK(got.events.at("pools-widened") == 1);
  CHECK(got.events.at("interruption-announced") == 1);
  CHECK(got.events.at("run-cancelled") == 1);
  CHECK(got.events.at("other") == 1);
}

TEST_CASE("tally: a lease that begins to end is counted by its outcome") {
  TallyBench bench;
  bench.begin();
  bench.lease.outcome = Outcome::idle;
  bench.update({bench.stamp(4, "ending")});
  bench.update({bench.stamp(5, "machine-ended")});
  CHECK(bench.tally.get().ended == std::map<Outcome, std::int64_t>{{Outcome::idle, 1}});
}

TEST_CASE("tally: a runner is counted when it comes online, whoever sees it first, and once") {
  for (const bool hook_is_first : {false, true}) {
    TallyBench bench;
    bench.begin();
    REQUIRE(bench.ledger.append(bench.stamp(10, "machine-booted")));
    bench.update({bench.stamp(20, "claimed")});
    CHECK(bench.told.empty());
    if (hook_is_first)
      REQUIRE(bench.ledger.append(bench.stamp(30, "machine-job-started")));
    else
      bench.update({bench.stamp(30, "online")});
    bench.update({bench.stamp(40, "busy")});
    REQUIRE(bench.ledger.append(bench.stamp(41, "machine-job-started")));
    CHECK(bench.told == std::vector<std::string>{bench.lease.id.text + " 30000"});
    const Tallied got = bench.tally.get();
    CHECK(got.runner.at(Architecture::x86_64).count() == 1);
    CHECK(got.runner.at(Architecture::x86_64).sum() == Seconds{30});
    CHECK(got.stages.at(Stage::boot).count() == 1);
    CHECK_FALSE(got.stages.contains(Stage::job));
  }
}

TEST_CASE("tally: everything else is passed through") {
  TallyBench bench;
  bench.begin();
  CHECK(bench.ledger.find(bench.lease.id).value().has_value());
  CHECK(bench.ledger.live().value().size() == 1);
  CHECK(bench.ledger.recent(9).value().size() == 1);
  CHECK(bench.ledger.find_by_label(bench.lease.repository, bench.lease.label).value().size() == 1);
  CHECK(bench.ledger.events(bench.lease.id).value().size() == 3);
  CHECK(bench.ledger.machines(bench.lease.id).value().empty());
  CHECK(bench.ledger.refusals().value().empty());
  CHECK(bench.ledger.audit().value().leases == 1);
  CHECK(bench.ledger.usage(wide_caps(), k_noon).value().machines == 1);
  CHECK_FALSE(bench.ledger.launch_pause(wide_caps(), k_noon).value().has_value());
  REQUIRE(bench.ledger.set_fact("a", "b"));
  CHECK(bench.behind->fact("a").value() == "b");
  CHECK(bench.ledger.fact("a").value() == "b");
  REQUIRE(bench.ledger.append_once(bench.stamp(9, k_claim_refused)));
  CHECK(bench.tally.get().events.at("claim-refused") == 1);
}

}  // namespace
}  // namespace mayfly::report
