#include "report/monthly.h"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "report/report_json.h"
#include "report/tables.h"
#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::good_life;
using testing::k_noon;
using testing::machine;
using testing::timeline;

History history(const std::string& actor) {
  History history;
  history.lease.repository = RepositoryName{"octo/one"};
  history.lease.actor = actor;
  history.lease.head = "ann/one:patch";
  history.lease.state = LeaseState::gone;
  history.lease.created_at = k_noon;
  history.events = timeline(good_life());
  history.machines = {machine("i-1", 1, 210, Money{1'530'000})};
  return history;
}

MonthlyReport report_over(const std::vector<History>& histories) {
  return {"main", month_of(k_noon), k_noon + Seconds{1000}, false, histories};
}

TEST_CASE("monthly: dollars are written without loss") {
  CHECK(exact_usd(Money{1'530'000}) == "1.530000");
  CHECK(exact_usd(Money{7}) == "0.000007");
  CHECK(exact_usd(Money{}) == "0.000000");
  CHECK(exact_usd(Money{-12'000'001}) == "-12.000001");
}

TEST_CASE("monthly: the page has the total, a table for each attribute, and the times") {
  const std::vector<History> histories = {history("ann"), history("bob")};
  const std::string page = markdown_of(report_over(histories));
  for (const char* part :
       {"# Runners of `main`, 2026-11\n", "2 machines for 2 leases cost at most $3.06",
        "## By repository", "| `octo/one` | 2 | 2 | 2 | $3.06 |", "## By workflow",
        "`octo/one .github/workflows/ci.yml`", "## By actor", "| `ann` | 1 |", "## By market",
        "| x86_64 | `ami-0a` | 2 | 0 | 1m | 1m | 1m |"})
    CHECK_MESSAGE(page.find(part) != std::string::npos, std::string(part));
}

TEST_CASE("monthly: foreign names are no Markdown and no formula") {
  std::vector<History> histories = {history("`a|b` @team [x](http://y) \n# z")};
  const std::string page = markdown_of(report_over(histories));
  CHECK(page.find(R"(`'a\|b' @team [x](http://y) \n# z`)") != std::string::npos);
  histories[0].lease.actor = "=HYPERLINK(\"x\")";
  CHECK(
      csv_of(report_over(histories), {CostBy::actor}).find("actor,\"'=HYPERLINK(\"\"x\"\")\",1") !=
      std::string::npos);
}

TEST_CASE("monthly: what still runs, and what was not read, is said") {
  std::vector<History> histories = {history("ann")};
  histories[0].machines[0].ended_at.reset();
  MonthlyReport report = report_over(histories);
  report.is_cut = true;
  const std::string page = markdown_of(report);
  CHECK(page.find("1 of them still runs, and counts until 2026-11-23T12:16:40Z") !=
        std::string::npos);
  CHECK(page.find("too many to be read") != std::string::npos);
}

TEST_CASE("monthly: CSV has a line for each row, and the total") {
  const std::vector<History> histories = {history("ann"), history("bob")};
  CHECK(csv_of(report_over(histories), {CostBy::actor}) ==
        "by,what,leases,machines,running,jobs,spent_usd_at_most,spot_usd,on_demand_usd,"
        "machine_seconds,job_seconds\r\n"
        "actor,\"ann\",1,1,0,1,1.530000,1.530000,0.000000,209,139\r\n"
        "actor,\"bob\",1,1,0,1,1.530000,1.530000,0.000000,209,139\r\n"
        "total,\"total\",2,2,0,2,3.060000,3.060000,0.000000,418,278\r\n");
}

TEST_CASE("monthly: the tables of a terminal") {
  const std::vector<History> histories = {history("ann")};
  const Window window = month_of(k_noon);
  const auto now = k_noon + Seconds{1000};
  CHECK(costs_table(CostBy::actor, costs_of(histories, CostBy::actor, window, now),
                    total_costs(histories, window, now)) ==
        "ACTOR  LEASES  MACHINES  JOBS  AT MOST  SPOT   ON-DEMAND  MACHINE TIME  IDLE\n"
        "ann    1       1         1     $1.53    $1.53  $0.00      3m29s         34 %\n"
        "total  1       1         1     $1.53    $1.53  $0.00      3m29s         34 %\n");
  const std::string times = times_table(times_of(histories, window));
  CHECK(times.starts_with("x86_64 ami-0a: 1 lease\n  STAGE            COUNT  P50"));
  CHECK(times.find("  boot             1      20s") != std::string::npos);
  CHECK(times.find("  = runner online  1      1m ") != std::string::npos);
  CHECK(times_table({}).empty());
}

TEST_CASE("monthly: the picture of a lease has a bar for each stage, on one scale") {
  const std::string picture = journey_picture(journey_of(timeline(good_life())), 61);
  CHECK(picture.find("boot    20s   |    ####################                                     |"
                     "  the machine boots\n") != std::string::npos);
  CHECK(journey_picture({}, 10).empty());
}

TEST_CASE("monthly: the JSON of a journey, of times and of costs") {
  const std::vector<History> histories = {history("ann")};
  const Journey journey = journey_of(histories[0].events);
  const std::string text = json::serialize(journey_json(journey));
  CHECK(text.find(R"({"stage":"boot","from_ms":4000,"to_ms":24000,"exact":true})") !=
        std::string::npos);
  CHECK(text.find(R"("runner_ms":60000,"job_ms":61000,"image":"ami-0a")") != std::string::npos);
  CHECK(json::serialize(times_json(times_of(histories, {})))
            .find(R"("runner":{"count":1,"p50_ms":60000)") != std::string::npos);
  CHECK(json::serialize(cost_json(total_costs(histories, {}, k_noon)))
            .find(R"("spent_usd_at_most":"1.530000")") != std::string::npos);
}

}  // namespace
}  // namespace mayfly::report
