#include "report/costs.h"

#include <doctest/doctest.h>

#include "report/testing.h"

namespace mayfly::report {
namespace {

using testing::good_life;
using testing::k_noon;
using testing::machine;
using testing::timeline;

constexpr Money k_dollar{1'000'000};

History history(int n, const std::string& actor) {
  History history;
  history.lease.id = LeaseId{"l-" + std::to_string(n)};
  history.lease.repository = RepositoryName{"octo/one"};
  history.lease.actor = actor;
  history.lease.head = actor + "/one:patch";
  history.lease.created_at = k_noon;
  history.events = timeline(good_life());
  history.machines = {machine("i-" + std::to_string(n), 1, 210, k_dollar)};
  return history;
}

const Window k_november = month_of(k_noon);
const WallTime k_later = k_noon + Seconds{1000};

std::vector<std::string> names(const std::vector<CostRow>& rows) {
  std::vector<std::string> out;
  for (const CostRow& row : rows) out.push_back(row.what);
  return out;
}

TEST_CASE("costs: each machine's money stands in one row, whatever it is asked by") {
  std::vector<History> histories = {history(1, "ann"), history(2, "bob"), history(3, "bob")};
  histories[2].machines.push_back(machine("i-4", 300, 400, k_dollar));
  histories[1].machines[0].on_demand = true;
  for (const std::string_view name : cost_by_names()) {
    CAPTURE(std::string(name));
    Money sum;
    std::int64_t machines = 0;
    for (const CostRow& row : costs_of(histories, *parse_cost_by(name), k_november, k_later)) {
      sum += row.spent;
      machines += row.machines;
    }
    CHECK(sum == Money{4'000'000});
    CHECK(machines == 4);
  }
  const CostRow total = total_costs(histories, k_november, k_later);
  CHECK(total.spent == Money{4'000'000});
  CHECK(total.on_demand == k_dollar);
  CHECK(total.spot() == Money{3'000'000});
  CHECK(total.leases == 3);
}

TEST_CASE("costs: by each attribute, the dearest first") {
  std::vector<History> histories = {history(1, "ann"), history(2, "bob"), history(3, "bob")};
  const auto by = [&](CostBy what) {
    return names(costs_of(histories, what, k_november, k_later));
  };
  CHECK(by(CostBy::actor) == std::vector<std::string>{"bob", "ann"});
  CHECK(by(CostBy::pull_request) == std::vector<std::string>{"bob/one:patch", "ann/one:patch"});
  CHECK(by(CostBy::workflow) == std::vector<std::string>{"octo/one .github/workflows/ci.yml"});
  CHECK(by(CostBy::architecture) == std::vector<std::string>{"x86_64"});
  CHECK(by(CostBy::market) == std::vector<std::string>{"spot"});
}

TEST_CASE("costs: what was not stamped is unknown, and foreign text cannot move the cursor") {
  std::vector<History> histories = {history(1, "\x1b[2Jann")};
  histories[0].events.clear();
  CHECK(names(costs_of(histories, CostBy::workflow, k_november, k_later)) ==
        std::vector<std::string>{"(unknown)"});
  CHECK(names(costs_of(histories, CostBy::actor, k_november, k_later)) ==
        std::vector<std::string>{"\\x1b[2Jann"});
}

TEST_CASE("costs: a machine without a job is idle, one with a job outside of it") {
  std::vector<History> histories = {history(1, "ann")};
  CostRow total = total_costs(histories, k_november, k_later);
  CHECK(total.machine_time == Seconds{209});
  CHECK(total.job_time == Seconds{139});  // from 61 to 200
  CHECK(total.jobs == 1);
  CHECK(total.idle_percent() == 34);
  histories[0].events.clear();
  total = total_costs(histories, k_november, k_later);
  CHECK(total.jobs == 0);
  CHECK(total.idle_percent() == 100);
}

TEST_CASE("costs: a job is counted for the machine it ran on, and ends with it") {
  History one = history(1, "ann");
  one.machines = {machine("i-1", 1, 50, k_dollar), machine("i-2", 55, 100, k_dollar)};
  const CostRow total = total_costs({one}, k_november, k_later);
  CHECK(total.jobs == 1);
  CHECK(total.job_time == Seconds{39});  // from 61 to the machine's end
}

TEST_CASE("costs: a machine that runs has cost what its time costs, and is told") {
  History one = history(1, "ann");
  one.machines = {machine("i-1", 0, -1, Money{})};
  const CostRow total = total_costs({one}, k_november, k_noon + Seconds{100});
  CHECK(total.running == 1);
  CHECK(total.spent == Money{100'000});  // a dollar for each 1000 seconds
  CHECK(total.machine_time == Seconds{100});
}

TEST_CASE("costs: a machine counts in the month of its launch, a lease without one in its own") {
  History one = history(1, "ann");
  one.machines.push_back(machine("i-2", 8 * 24 * 3600, 8 * 24 * 3600 + 60, k_dollar));
  CHECK(total_costs({one}, k_november, k_later).spent == k_dollar);
  const Window december = *parse_month("2026-12");
  CHECK(total_costs({one}, december, k_later).spent == k_dollar);
  CHECK(total_costs({one}, *parse_month("2026-10"), k_later).leases == 0);
  one.machines.clear();
  CHECK(total_costs({one}, k_november, k_later).leases == 1);
  CHECK(total_costs({one}, december, k_later).leases == 0);
}

TEST_CASE("costs: there is no such attribute") {
  CHECK_FALSE(parse_cost_by("moon"));
  CHECK_FALSE(parse_cost_by(""));
  CHECK(parse_cost_by("pr") == CostBy::pull_request);
}

}  // namespace
}  // namespace mayfly::report
