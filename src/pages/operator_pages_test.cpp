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
  ProcessFacts process;
  OperatorPages pages{config, clock, *ledger, [this] { return process; }};

  void swept(WallTime at, const SweepReport& report = {}) {
    process.sweep = SweepNote{at, report, {}};
  }

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
  bench.swept(bench.clock.wall());
  const std::string page = bench.text("");
  for (const char* part :
       {"All is well", "href=\"leases?state=live\"", "1 of 10", "href=\"leases?state=launching\"",
        "<dt>Machines launched</dt><dd><a href=\"leases?only=machine\">0</a></dd>",
        "href=\"leases?from=", "of $50.00"})
    CHECK_MESSAGE(holds(page, part), part);
}

TEST_CASE("dashboard: what wants attention stands first, in sentences") {
  Bench bench;
  SweepReport report;
  report.instances = -1;
  report.problems = {"list <runners>: GitHub is slow"};
  bench.swept(bench.clock.wall() - std::chrono::hours{1}, report);
  Lease late = bench.make(1);
  late.deadline = bench.clock.wall() - Seconds{600};
  REQUIRE(bench.ledger->update(late, {}, std::nullopt));
  const std::string page = bench.text("");
  for (const char* part :
       {"Something wants attention", "The last sweep was 1 h ago.", "EC2 did not list the machines",
        "list &lt;runners&gt;: GitHub is slow", "A machine is past its deadline by 10 min."})
    CHECK_MESSAGE(holds(page, part), part);
}

TEST_CASE("dashboard: before a sweep has ended not all is known to be well") {
  Bench bench;
  CHECK(holds(bench.text(""), "No sweep has ended yet."));
}

TEST_CASE("dashboard: times to a runner lead to the runners behind them, slowest first") {
  Bench bench;
  for (int n = 1; n <= 9; ++n) {
    report::Journey journey;
    journey.asked = k_noon;
    journey.stages = {{report::Stage::boot, Millis{0}, Seconds{n}, true}};
    journey.runner = Seconds{10 + n};
    REQUIRE(report::note_runner_time(*bench.ledger, numbered(n), journey));
  }
  const std::string page = bench.text("");
  CHECK(holds(page,
              "<a href=\"times\">From the question to the runner</a></th>"
              "<td class=\"number\">15 s</td><td class=\"number\">19 s</td>"));
  CHECK(holds(page, "The machine boots</th><td class=\"number\">5 s</td>"));
  const std::string times = bench.text("times");
  const auto fastest = times.find("leases/" + numbered(1).id.text);
  const auto slowest = times.find("leases/" + numbered(9).id.text);
  REQUIRE(fastest != std::string::npos);
  CHECK(slowest < fastest);
}

TEST_CASE("dashboard: a pool that is left out says why and for how long") {
  Bench bench;
  PoolMemory memory;
  const Pool empty{"c5.large", "subnet-1", false};
  memory.note_exhausted(empty, bench.clock.wall());
  const Pool taken{"c6g.large", "subnet-1", false};
  for (int i = 0; i < 3; ++i) memory.note_interrupted(taken, bench.clock.wall());
  REQUIRE(bench.ledger->set_fact("pools", memory.to_text()));
  const std::string page = bench.text("");
  CHECK(holds(page, "2 left out of launches now."));
  CHECK(holds(page, "had nothing 1 time in a row: left out for 2 min"));
  CHECK(holds(page, "EC2 takes machines back: left out for 30 min"));
  CHECK(holds(page, "href=\"leases?type=c5.large\""));
}

TEST_CASE("dashboard: calls are shown where they are known, and what is not known is not made up") {
  Bench bench;
  bench.swept(bench.clock.wall());
  CHECK_FALSE(holds(bench.text(""), "calls left"));
  CHECK_FALSE(holds(bench.text(""), "in the last minute"));
  CHECK(holds(bench.text(""), "AWS does not say what is left"));
  bench.process.sweep->github.limit = 5000;
  bench.process.sweep->github.remaining = 4711;
  bench.process.calls.emplace();
  bench.process.calls->github_in_minute = 7;
  bench.process.calls->refused["limit-repository"] = 3;
  const std::string page = bench.text("");
  CHECK(holds(page, "4711 of 5000"));
  CHECK(holds(page, "<dd>7 of "));
  CHECK(holds(page,
              escaped(info(Code::limit_repository).title) + "</th><td class=\"number\">3</td>"));
}

TEST_CASE("dashboard: what EC2 took back leads to the leases it took it from") {
  Bench bench;
  Lease lease = bench.make(1);
  lease.interruptions = 1;
  REQUIRE(bench.ledger->update(lease, {}, std::nullopt));
  lease = bench.make(2);
  lease.outcome = Outcome::idle;
  REQUIRE(bench.ledger->update(lease, {}, std::nullopt));
  CHECK(holds(bench.text(""), "<a href=\"leases?only=interrupted\">1 lease</a>"));
  CHECK(holds(bench.text("leases?only=interrupted"), "1 lease."));
  CHECK(bench.look("leases?only=else").error().code == Code::bad_field);
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

TEST_CASE("operator: what lives is shown whole, however many newer leases have ended") {
  Bench bench;
  (void)bench.make(1);
  for (int n = 2; n <= OperatorPages::k_leases_max + 2; ++n) {
    Lease lease = bench.make(n);
    lease.state = LeaseState::gone;
    lease.machine_ended = true;
    REQUIRE(bench.ledger->update(lease, {}, std::nullopt));
  }
  CHECK(holds(bench.text("leases?state=live"), "1 lease."));
  CHECK(holds(bench.text("leases?state=gone"), "1000 leases among the newest 1000 of 1002."));
}

}  // namespace
}  // namespace mayfly::pages
