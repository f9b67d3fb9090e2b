#include "report/history.h"

#include <doctest/doctest.h>

#include "ledger/sqlite_ledger.h"
#include "ledger/testing.h"

namespace mayfly::report {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::numbered;
using mayfly::testing::wide_caps;

std::unique_ptr<Ledger> ledger_with(int leases, Millis apart) {
  auto ledger = SqliteLedger::open(":memory:").value();
  Caps caps = wide_caps();
  caps.machines = caps.machines_per_repository = caps.machines_per_actor = 9999;
  caps.machines_per_pull_request = 9999;
  for (int n = 1; n <= leases; ++n) {
    Lease lease = numbered(n);
    lease.run_id = n;
    lease.created_at = k_noon + apart * n;
    lease.reserved = Money{1};
    REQUIRE(ledger->reserve({lease}, {{lease.id, lease.created_at, "asked", ""}}, caps,
                            lease.created_at));
  }
  return ledger;
}

TEST_CASE("history: months are UTC's, and nothing else is a month") {
  const Window december = *parse_month("2026-12");
  CHECK(iso8601(december.from) == "2026-12-01T00:00:00Z");
  CHECK(iso8601(december.until) == "2027-01-01T00:00:00Z");
  CHECK(iso8601(parse_month("2028-02")->until) == "2028-03-01T00:00:00Z");
  CHECK(month_of(december.until - Millis{1}).from == december.from);
  CHECK_FALSE(december.contains(december.until));
  CHECK(december.contains(december.from));
  for (const char* text :
       {"", "2026", "2026-13", "2026-00", "2026-1", "26-12", "2026-12-01", "2026/12"})
    CHECK_FALSE_MESSAGE(parse_month(text), std::string(text));
}

TEST_CASE("history: what is read is the window's, newest first, with stamps and machines") {
  const auto ledger = ledger_with(5, std::chrono::hours{24});
  const Window window{k_noon + std::chrono::hours{24 * 8}, WallTime::max()};
  const Histories histories = read_histories(*ledger, window).value();
  REQUIRE(histories.all.size() == 4);  // the first is too old for any machine of the window
  CHECK(histories.all[0].lease.index == 5);
  CHECK(histories.all[3].lease.index == 2);
  CHECK(histories.all[0].events.size() == 1);
  CHECK_FALSE(histories.is_cut);
  CHECK(read_histories(*ledger, {{}, k_noon + std::chrono::hours{25}}).value().all.size() == 1);
}

TEST_CASE("history: a long record is read whole, or is said to be cut") {
  const auto ledger = ledger_with(1203, Millis{10});
  std::size_t said = 0;
  const auto histories = read_histories(*ledger, {}, k_leases_read_max,
                                        [&](std::size_t, std::size_t of) { said = of; });
  CHECK(histories->all.size() == 1203);
  CHECK(said == 1203);
  const auto cut = read_histories(*ledger, {}, 1000);
  CHECK(cut->all.size() == 1000);
  CHECK(cut->all[0].lease.index == 1203);
  CHECK(cut->is_cut);
  CHECK_FALSE(read_histories(*ledger, {}, 1203)->is_cut);
}

}  // namespace
}  // namespace mayfly::report
