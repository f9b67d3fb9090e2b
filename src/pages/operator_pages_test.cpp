#include "pages/operator_pages.h"

#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "pages/lease_list.h"
#include "service/testing.h"

namespace mayfly::pages {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::numbered;
using mayfly::testing::Service;
using mayfly::testing::wide_caps;

struct Bench : Service {
  std::optional<std::pair<WallTime, SweepReport>> last;
  OperatorPages pages{config, clock, *ledger, [this] { return last; }};

  Lease make(int n, const std::string& actor = "ann") {
    Lease lease = numbered(n);
    lease.actor = actor;
    lease.deadline = clock.wall() + Seconds{3600};
    const auto made = ledger->reserve(
        {lease},
        {{lease.id, k_noon, "asked", "v1"}, {lease.id, k_noon + Seconds{1}, "verified", ""}},
        wide_caps(), k_noon);
    return made->at(0).lease;
  }
  Result<HttpResponse> look(const std::string& below) {
    const auto target = parse_target("/" + below);
    return pages.answer(*target, target->path.substr(1));
  }
  std::string text(const std::string& below) { return look(below)->body; }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("dashboard: with nothing wrong it says so, and each figure leads to its leases") {
  Bench bench;
  (void)bench.make(1);
  bench.last.emplace(bench.clock.wall(), SweepReport{});
  const std::string page = bench.text("");
  for (const char* part :
       {"All is well", "href=\"leases?state=live\"", "1 of 10", "href=\"leases?state=launching\"",
        "<dt>Machines launched</dt><dd>0</dd>", "href=\"leases?from=", "of $50.00"})
    CHECK_MESSAGE(holds(page, part), part);
}

TEST_CASE("dashboard: what wants attention stands first, in sentences") {
  Bench bench;
  SweepReport report;
  report.instances = -1;
  report.problems = {"list <runners>: GitHub is slow"};
  bench.last.emplace(bench.clock.wall() - std::chrono::hours{1}, report);
  Lease late = bench.make(1);
  late.deadline = bench.clock.wall() - Seconds{600};
  REQUIRE(bench.ledger->update(late, {}, std::nullopt));
  const std::string page = bench.text("");
  for (const char* part :
       {"Something wants attention", "The last sweep was 1 h ago.", "EC2 did not list the machines",
        "list &lt;runners&gt;: GitHub is slow", "A machine is past its deadline by 10 min."})
    CHECK_MESSAGE(holds(page, part), part);
}

TEST_CASE("dashboard: percentiles are by nearest rank") {
  std::vector<Millis> values;
  for (int i = 100; i >= 1; --i) values.push_back(Millis{i});
  CHECK(percentile(values, 50) == Millis{50});
  CHECK(percentile(values, 90) == Millis{90});
  CHECK(percentile(values, 99) == Millis{99});
  CHECK(percentile({Millis{7}}, 99) == Millis{7});
  CHECK(percentile({}, 50) == Millis{0});
}

TEST_CASE("lease list: it shows what its filter accepts, in pages") {
  Bench bench;
  for (int n = 1; n <= 60; ++n) (void)bench.make(n, n % 2 == 0 ? "ann" : "<bob>");
  const std::string all = bench.text("leases");
  CHECK(holds(all, "60 leases."));
  CHECK(holds(all, "Page 1 of 2"));
  CHECK(holds(all, "href=\"leases?page=2\""));
  CHECK(holds(all, "leases/" + numbered(60).id.text));
  CHECK_FALSE(holds(all, numbered(10).id.text));
  CHECK(holds(bench.text("leases?page=2"), numbered(10).id.text));
  const std::string ann = bench.text("leases?actor=ann");
  CHECK(holds(ann, "30 leases."));
  CHECK_FALSE(holds(ann, "&lt;bob&gt;</td>"));
  CHECK(holds(bench.text("leases?actor=%3Cbob%3E&state=live"), "30 leases."));
  CHECK(holds(bench.text("leases?outcome=idle"), "0 leases."));
}

TEST_CASE("lease list: what no list of ours leads to is refused") {
  Bench bench;
  for (const char* bad : {"leases?x=1", "leases?page=0", "leases?page=x", "leases?from=today"})
    CHECK_MESSAGE(bench.look(bad).error().code == Code::bad_field, bad);
  CHECK(bench.look("leases?actor=" + std::string(201, 'a')).error().code == Code::bad_field);
  CHECK(bench.look("?x=1").error().code == Code::bad_field);
  CHECK(bench.look("other").error().code == Code::no_such_path);
  CHECK(bench.look("leases/l-x").error().code == Code::lease_not_found);
}

TEST_CASE("lease list: a filter is found again from its own address") {
  LeaseFilter filter;
  filter.state = "gone";
  filter.actor = "a&b=c d";
  filter.code = "aws-config";
  filter.instance_type = "c5.large";
  filter.from = k_noon;
  const auto target = parse_target("/leases?" + filter.query());
  REQUIRE(target);
  const auto again = parse_lease_filter(target->query);
  REQUIRE(again);
  CHECK(again->query() == filter.query());
  CHECK(again->actor == filter.actor);
}

TEST_CASE("operator: one lease is shown with its refusals and who started its run") {
  Bench bench;
  const Lease lease = bench.make(1, "eve");
  (void)bench.ledger->append({lease.id, k_noon, k_claim_refused, "wrong nonce"});
  const std::string page = bench.text("leases/" + lease.id.text);
  CHECK(holds(page, "wrong nonce"));
  CHECK(holds(page, "<dd>eve</dd>"));
}

TEST_CASE("operator: the ledger's leases are read once in ten seconds") {
  Bench bench;
  (void)bench.make(1);
  CHECK(holds(bench.text("leases"), "1 lease."));
  (void)bench.make(2);
  CHECK(holds(bench.text("leases"), "1 lease."));
  bench.clock.sleep_until(bench.clock.steady() + Seconds{10});
  CHECK(holds(bench.text("leases"), "2 leases."));
}

}  // namespace
}  // namespace mayfly::pages
