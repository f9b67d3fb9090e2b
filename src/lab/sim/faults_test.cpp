#include "lab/sim/faults.h"

#include <doctest/doctest.h>

#include "lab/sim/upstream.h"

namespace mayfly::lab::sim {
namespace {

Swarm always(FaultKind kind) {
  Swarm swarm;
  swarm.per_mille[kind] = 1000;
  return swarm;
}

std::vector<Injection> drawn(std::uint64_t seed) {
  FaultPlan plan({.swarm = always(FaultKind::delay), .seed = seed});
  for (int i = 0; i < 20; ++i) (void)plan.at(Edge::ec2, "CreateFleet");
  return plan.injected();
}

}  // namespace

TEST_CASE("every kind of fault has a name that reads back as itself") {
  for (int i = 0; i < k_fault_kinds; ++i) {
    const auto kind = static_cast<FaultKind>(i);
    CHECK(parse_fault_kind(to_string(kind)) == kind);
  }
  CHECK_FALSE(parse_fault_kind("nonsense"));
}

TEST_CASE("a list of faults reads back as what it was printed from") {
  const std::vector<Injection> list = {
      {"CreateFleet", 3, FaultKind::lose_reply, Millis{0}},
      {"POST /orgs/o/actions/runners/generate-jitconfig", 1, FaultKind::delay, Millis{2500}},
      {"world", 12, FaultKind::clock_step, Millis{-90000}},
      {"every-life", 4, FaultKind::kill, Millis{0}}};
  CHECK(parse_injections(to_string(list)).value() == list);
  CHECK(parse_injections("").value().empty());
}

TEST_CASE("what is no list of faults is refused with the part that is wrong") {
  for (const char* text : {"CreateFleet", "CreateFleet#x=delay", "CreateFleet#1=explode",
                           "CreateFleet#1=delay:soon", "=;#"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_injections(text).has_value());
  }
}

TEST_CASE("one seed draws the same faults again, another seed others") {
  CHECK(drawn(1) == drawn(1));
  CHECK(drawn(1) != drawn(2));
}

TEST_CASE("a list does exactly what it says, at exactly those points") {
  FaultPlan plan(
      {.exactly = parse_injections("CreateFleet#2=lose-reply;io#3=kill").value(), .swarm = {}});
  CHECK_FALSE(plan.at(Edge::ec2, "CreateFleet"));
  CHECK_FALSE(plan.at(Edge::ec2, "DescribeInstances"));
  CHECK(plan.at(Edge::ec2, "CreateFleet")->kind == FaultKind::lose_reply);
  CHECK_FALSE(plan.at(Edge::ec2, "CreateFleet"));
  CHECK_FALSE(plan.dies_at_boundary(1, "CreateFleet"));
  CHECK_FALSE(plan.dies_at_boundary(1, "CreateFleet"));
  CHECK(plan.dies_at_boundary(1, "CreateFleet"));
  CHECK_FALSE(plan.dies_at_boundary(2, "CreateFleet"));
}

TEST_CASE("every-life kills each process at the same boundary of its life, but not for ever") {
  FaultPlan plan({.exactly = parse_injections("every-life#2=kill").value(), .swarm = {}});
  int deaths = 0;
  for (int life = 1; life <= 100; ++life) {
    CHECK_FALSE(plan.dies_at_boundary(life, "CreateFleet"));
    deaths += plan.dies_at_boundary(life, "CreateFleet");
  }
  CHECK(deaths > 5);
  CHECK(deaths < 100);
}

TEST_CASE("the world's faults come at the same hours, whether or not a list leaves some out") {
  const Swarm swarm = always(FaultKind::interrupt);
  FaultPlan all({.swarm = swarm, .seed = 9});
  FaultPlan one(
      {.exactly = parse_injections("world#3=interrupt").value(), .swarm = swarm, .seed = 9});
  for (int i = 1; i <= 5; ++i) {
    const auto a = all.next_in_world();
    const auto b = one.next_in_world();
    CHECK(a->after == b->after);
    CHECK(a->is_on);
    CHECK(b->is_on == (i == 3));
  }
}

TEST_CASE("after healing nothing goes wrong any more") {
  FaultPlan plan({.swarm = always(FaultKind::refuse), .seed = 1});
  CHECK(plan.at(Edge::ec2, "CreateFleet"));
  plan.heal();
  CHECK_FALSE(plan.at(Edge::ec2, "CreateFleet"));
  CHECK_FALSE(plan.next_in_world());
  CHECK_FALSE(plan.dies_at_boundary(1, "CreateFleet"));
}

TEST_CASE("a fault befalls only calls that it can befall") {
  CHECK(applies(FaultKind::no_capacity, Edge::ec2, "CreateFleet"));
  CHECK_FALSE(applies(FaultKind::no_capacity, Edge::ec2, "DescribeInstances"));
  CHECK(applies(FaultKind::conflict, Edge::github,
                "POST /orgs/o/actions/runners/generate-jitconfig"));
  CHECK_FALSE(applies(FaultKind::stale, Edge::github, "DELETE /orgs/o/actions/runners"));
  CHECK_FALSE(applies(FaultKind::server_error, Edge::ledger, "ledger.update"));
}

TEST_CASE("a file and a table have different faults") {
  CHECK(applies(FaultKind::ledger_error, Edge::ledger, "ledger.update"));
  CHECK_FALSE(applies(FaultKind::lose_reply, Edge::ledger, "ledger.update"));
  CHECK_FALSE(applies(FaultKind::ledger_error, Edge::ledger, "Query"));
  for (const FaultKind kind : {FaultKind::refuse, FaultKind::lose_reply, FaultKind::delay,
                               FaultKind::throttle, FaultKind::truncate, FaultKind::expired})
    CHECK(applies(kind, Edge::ledger, "Query"));
  CHECK(applies(FaultKind::conflict, Edge::ledger, "TransactWriteItems"));
  CHECK_FALSE(applies(FaultKind::conflict, Edge::ledger, "Query"));
}

TEST_CASE("refusals are worded as the clouds word them") {
  CHECK(fault_answer(FaultKind::throttle, Edge::ec2, 0).body.find("RequestLimitExceeded") !=
        std::string::npos);
  CHECK(fault_answer(FaultKind::no_capacity, Edge::ec2, 0).status == 500);
  for (std::uint64_t draw = 0; draw < 6; ++draw) {
    const HttpResponse limited = fault_answer(FaultKind::throttle, Edge::github, draw);
    CHECK((limited.status == 403 || limited.status == 429));
  }
  CHECK(fault_answer(FaultKind::throttle, Edge::github, 0).headers.find("Retry-After"));
  CHECK(fault_answer(FaultKind::throttle, Edge::github, 1).headers.find("X-RateLimit-Reset"));
  CHECK_FALSE(fault_answer(FaultKind::throttle, Edge::github, 2).headers.find("Retry-After"));
  CHECK(fault_answer(FaultKind::conflict, Edge::github, 0).status == 409);
  CHECK(fault_answer(FaultKind::throttle, Edge::ledger, 0)
            .body.find("#ProvisionedThroughputExceededException") != std::string::npos);
  CHECK(fault_answer(FaultKind::server_error, Edge::ledger, 1).status == 503);
}

TEST_CASE("lists are kept only where an old one may be told") {
  CHECK_FALSE(FaultPlan({}).keeps_lists());
  FaultSpec drawn;
  drawn.swarm.per_mille[FaultKind::stale] = 10;
  CHECK(FaultPlan(drawn).keeps_lists());
  FaultSpec listed = drawn;
  listed.exactly = std::vector<Injection>{{"CreateFleet", 1, FaultKind::delay, Millis{1}}};
  CHECK_FALSE(FaultPlan(listed).keeps_lists());
  listed.exactly->push_back({"GET /orgs/o/actions/runners", 2, FaultKind::stale, Millis{0}});
  CHECK(FaultPlan(listed).keeps_lists());
}

}  // namespace mayfly::lab::sim
