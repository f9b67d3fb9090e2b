#include <doctest/doctest.h>
#include <sqlite3.h>

#include "ledger/sqlite_ledger.h"
#include "ledger/testing.h"

namespace mayfly {
namespace {

using namespace testing;

sqlite3* opened_last = nullptr;

int note_opened(sqlite3* database, char** /*error*/, const struct sqlite3_api_routines* /*api*/) {
  opened_last = database;
  return SQLITE_OK;
}

// A ledger in memory, and SQLite's own view of it.
struct Bench {
  Bench() {
    using Entry = void (*)();
    const auto entry = reinterpret_cast<Entry>(&note_opened);
    sqlite3_auto_extension(entry);
    ledger = std::move(*SqliteLedger::open(":memory:"));
    sqlite3_cancel_auto_extension(entry);
    database = opened_last;
  }

  // How SQLite finds the rows of each statement that the ledger has used, a line each.
  std::vector<std::string> plans() const {
    std::vector<std::string> used;
    for (sqlite3_stmt* one = sqlite3_next_stmt(database, nullptr); one != nullptr;
         one = sqlite3_next_stmt(database, one))
      used.emplace_back(sqlite3_sql(one));
    std::vector<std::string> lines;
    for (const std::string& sql : used) {
      sqlite3_stmt* plan = nullptr;
      const std::string question = "EXPLAIN QUERY PLAN " + sql;
      REQUIRE(sqlite3_prepare_v2(database, question.c_str(), -1, &plan, nullptr) == SQLITE_OK);
      while (sqlite3_step(plan) == SQLITE_ROW)
        lines.push_back(reinterpret_cast<const char*>(sqlite3_column_text(plan, 3)) +
                        (" <- " + sql));
      sqlite3_finalize(plan);
    }
    return lines;
  }

  std::unique_ptr<SqliteLedger> ledger;
  sqlite3* database = nullptr;
};

// A ledger grows for years: only refusals(), for the operator, may look at all that it has.
TEST_CASE("sqlite ledger: no question reads every row of a table") {
  Bench bench;
  SqliteLedger& ledger = *bench.ledger;
  const Lease lease = numbered(1);
  REQUIRE(ledger.reserve({lease}, {{lease.id, k_noon, "asked", ""}}, wide_caps(), k_noon));
  REQUIRE(ledger.update(lease, {}, machine_of(lease, "i-1", k_noon, Money{7})));
  REQUIRE(ledger.append({lease.id, k_noon, "a", ""}));
  REQUIRE(ledger.append_once({lease.id, k_noon, "b", ""}));
  const auto known = ledger.recent(10);
  REQUIRE(ledger.recent_again(10, known.value()));
  REQUIRE(ledger.live());
  REQUIRE(ledger.find_by_label(lease.repository, lease.label));
  REQUIRE(ledger.usage(wide_caps(), k_noon));
  REQUIRE(ledger.launch_pause(wide_caps(), k_noon));
  REQUIRE(ledger.machines(lease.id));
  REQUIRE(ledger.lease_of(InstanceId{"i-1"}));
  REQUIRE(ledger.audit());
  REQUIRE(ledger.fact("a"));
  const auto plans = bench.plans();
  CHECK(plans.size() > 15);
  for (const std::string& line : plans) {
    const bool scans = line.starts_with("SCAN ") && !line.starts_with("SCAN CONSTANT ROW");
    const bool is_indexed = line.find(" INDEX ") < line.find(" <- ");
    CHECK_MESSAGE((!scans || is_indexed), line);
  }
}

}  // namespace
}  // namespace mayfly
