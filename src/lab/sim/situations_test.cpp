#include "lab/sim/situations.h"

#include <doctest/doctest.h>

#include <set>

#include "lab/sim/scout.h"

using namespace mayfly;
using namespace mayfly::lab::sim;

TEST_CASE("every situation has a name and a sentence of its own, and is found by its name") {
  std::set<std::string_view> texts;
  for (std::size_t i = 0; i < k_situations; ++i) {
    const auto situation = static_cast<Situation>(i);
    CHECK(texts.insert(text_of(situation)).second);
    CHECK(situation_named(name_of(situation)) == situation);
  }
  CHECK(k_situations >= 170);
  CHECK_FALSE(situation_named("killed_after_lunch"));
}

TEST_CASE("what was not reached is missing, and merging two simulations reaches what either did") {
  Situations one;
  Situations other;
  const std::size_t rare = one.missing(true).size();
  CHECK(one.missing(false).size() == k_situations - rare);
  one.reached(Situation::server_killed);
  other.reached(Situation::orphan);
  one.merge(other);
  CHECK(one.count() == 2);
  CHECK(one.has(Situation::orphan));
  CHECK(one.missing(false).size() == k_situations - rare - 2);
  CHECK(one.missing(true).size() == rare);
}

TEST_CASE("at least a hundred and fifty situations are reached by every five minutes") {
  Situations all;
  std::size_t rare = 0;
  for (std::size_t i = 0; i < k_situations; ++i) {
    const auto situation = static_cast<Situation>(i);
    rare += is_rare(situation) ? 1 : 0;
    if (!is_rare(situation)) all.reached(situation);
  }
  CHECK(rare > 0);
  CHECK(k_situations - rare >= 150);
  CHECK(all.has_all_but_rare());
  CHECK(all.missing(true).size() == rare);
}

TEST_CASE("a call has the same short name whatever ids stand in it") {
  CHECK(short_name("CreateFleet") == "create_fleet");
  CHECK(short_name("GET /repos/o/r/actions/runs/17") == "get_run");
  CHECK(short_name("GET /repos/o/r/actions/runs") == "list_runs");
  CHECK(short_name("GET /repos/o/r/actions/runs/17/attempts/2/jobs") == "list_jobs");
  CHECK(short_name("GET /orgs/o/actions/runners") == "list_runners");
  CHECK(short_name("DELETE /orgs/o/actions/runners/7") == "remove_runner");
  CHECK(short_name("POST /orgs/o/actions/runners/generate-jitconfig") == "make_runner");
  CHECK(short_name("api POST /v1/leases/ID/events") == "event");
  CHECK(short_name("enforcer CreateFleet").empty());
}

TEST_CASE("a launching lease has two moments: an open launch, and waiting for the next") {
  Lease lease;
  CHECK(moment_of(lease) == "waiting");
  lease.launch.pending = true;
  CHECK(moment_of(lease) == "launch_pending");
  lease.state = LeaseState::booting;
  CHECK(moment_of(lease) == "booting");
}
